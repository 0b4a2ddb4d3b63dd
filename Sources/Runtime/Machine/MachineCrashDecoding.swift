import SystemPackage

extension Machine {
    /// A crash report with source lines behind its places, and what is to be said of it.
    struct DecodedReport {
        var report: CrashReport
        /// Why there are none, where the recipe named the file; nil otherwise.
        var note: String?
    }

    /// Looking up one report takes some seconds on a kernel of half a gigabyte.
    private static let decodingLimit: Duration = .seconds(60)

    /// Adds source lines to a report: from the `vmlinux` that the recipe named, or the one that
    /// lies near the kernel's image. A build other than the one that crashed adds none.
    func decoded(_ report: CrashReport) async -> DecodedReport {
        let near = configuration.kernel.flatMap { DebugSymbols.file(for: $0) }
        guard let file = configuration.vmlinux ?? near else { return DecodedReport(report: report) }
        let banner = console.dmesg.lazy.map { String(decoding: $0.text, as: UTF8.self) }
            .first { $0.hasPrefix("Linux version ") }
        do {
            let result = try await CrashDecoder.decode(
                [report], banner: banner, vmlinux: file, until: .after(Self.decodingLimit))
            return DecodedReport(report: result.reports.first ?? report)
        } catch let error as any DiagnosticError {
            let note = configuration.vmlinux == nil ? nil : error.diagnostic.message
            return DecodedReport(report: report, note: note)
        } catch {
            return DecodedReport(report: report)
        }
    }

    /// As ``failure``, a crash's report with source lines where there are any.
    public func explainedFailure() async -> (any Error)? {
        guard let failure else { return nil }
        guard case .ended(var exit) = failure.reason, case .crash(let report) = exit.cause else {
            return failure
        }
        let decoded = await decoded(report)
        exit.cause = .crash(decoded.report)
        return annotated(error(.ended(exit)), decoded.note)
    }

    /// The error with a further note.
    func annotated(_ error: any DiagnosticError, _ note: String?) -> any DiagnosticError {
        guard let note else { return error }
        var diagnostic = error.diagnostic
        diagnostic.notes.append(note)
        return MachinePartError(underlying: error, diagnostic: diagnostic)
    }
}
