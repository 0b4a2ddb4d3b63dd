/// An error about a part of a machine, with the machine's command line added.
public struct MachinePartError: DiagnosticError {
    /// What was thrown at first.
    public let underlying: any DiagnosticError
    /// The text of the error.
    public let diagnostic: Diagnostic
}

extension Machine {
    /// Returns what a failed wait or command on this machine is to be reported as.
    ///
    /// A console or channel that ends is only a symptom: where the machine ended badly, or never
    /// printed a byte, that is the error. Others get the command line to reproduce them.
    public func explanation(of error: any Error) async -> any Error {
        let shown = await cause(of: error)
        guard let shown = shown as? any DiagnosticError, shown.diagnostic.verdict == .timeout,
            let words = await stallInWords()
        else { return shown }
        var diagnostic = shown.diagnostic
        diagnostic.notes.insert(diagnostic.message, at: 0)
        diagnostic.message = "the kernel hangs: \(words)"
        diagnostic.verdict = .hung
        diagnostic.hint =
            "look where it is: `machine:gdb()`, or boot with `nmi_watchdog=1 softlockup_panic=1`"
        diagnostic.reproduce = diagnostic.reproduce ?? reproduce
        return MachinePartError(underlying: shown, diagnostic: diagnostic)
    }

    private func cause(of error: any Error) async -> any Error {
        switch error {
        case let error as ConsoleError:
            switch error {
            case .ended, .notSent: await awaitEnd()
            case .timedOut(let limit, _), .silent(let limit, _):
                if console.transcript.count == 0 { return self.error(.stillRuns(after: limit)) }
            case .crashed(let report, let failure):
                let decoded = await decoded(report)
                return annotated(
                    reproducible(ConsoleError.crashed(decoded.report, failure)), decoded.note)
            default: return error
            }
            return await explainedFailure() ?? reproducible(error)
        case let error as GuestAgentError:
            if error == .channelEnded || error == .agentGone { await awaitEnd() }
            if error == .agentGone, exit != nil {
                return await explainedFailure() ?? GuestAgentError.channelEnded
            }
            var words: String?
            if case .timedOut(_, let limit, _) = error {
                let scale = console.timeScale
                words = scale.words(for: scale.limit(lasting: limit))
            }
            return await explainedFailure() ?? annotated(error, words)
        case let error as QMPError:
            if case .ended = error { await awaitEnd() }
            return await explainedFailure() ?? error
        default:
            return error
        }
    }

    private func awaitEnd() async { _ = try? await wait(until: .after(.seconds(3))) }

    private func reproducible(_ error: any DiagnosticError) -> any DiagnosticError {
        var diagnostic = error.diagnostic
        diagnostic.reproduce = reproduce
        if diagnostic.hint == nil, diagnostic.verdict == .timeout {
            diagnostic.hint = "hold the last lines against what was waited for, or raise `timeout`"
        }
        return MachinePartError(underlying: error, diagnostic: diagnostic)
    }
}
