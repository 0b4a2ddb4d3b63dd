import SystemPackage

/// Why a package could not be had.
public struct PackageError: DiagnosticError, Equatable {
    /// What was being done.
    enum Step: Equatable {
        case lists, download, unpack
    }

    /// What stood in the way.
    enum Reason: Equatable {
        case noApt(missing: String)
        /// The sources are reachable and do not have it.
        case unknown
        case offline
        case diskFull
        case timedOut
        /// In the tool's own words.
        case refused
    }

    let package: String
    let arch: Arch
    let suite: String?
    let instead: String
    let step: Step
    let reason: Reason
    let notes: [String]

    init(_ package: DebianPackage, _ reason: Reason) {
        self.init(package, .lists, reason, notes: [])
    }

    init(_ package: DebianPackage, _ step: Step, _ result: CommandResult) {
        self.init(package, step, Self.reason(of: result), notes: Self.complaints(result))
    }

    private init(_ package: DebianPackage, _ step: Step, _ reason: Reason, notes: [String]) {
        self.package = package.name
        arch = package.arch
        suite = package.suite
        instead = package.instead
        self.step = step
        self.reason = reason
        self.notes = notes
    }

    /// The text of the error.
    public var diagnostic: Diagnostic {
        Diagnostic(
            reason == .timedOut ? .timeout : .qemuDidNotStart,
            "cannot fetch `\(package)`: \(why)", notes: notes, hint: hint)
    }

    private var why: String {
        switch (reason, step) {
        case (.noApt(let missing), _):
            "this system has no apt: `\(missing)` was not found on PATH"
        case (.unknown, _):
            "\(suite.map { "Debian \($0) has" } ?? "apt's sources have") no such package for"
                + " \(arch.debian.architecture)"
        case (.offline, _): "the package server cannot be reached"
        case (.diskFull, _): "no space left on the device, and nothing was kept"
        case (.timedOut, .lists): "no package lists within 5 minutes"
        case (.timedOut, .download): "not there within 15 minutes"
        case (.timedOut, .unpack): "not unpacked within 5 minutes"
        case (.refused, .lists): "apt could not update its package lists"
        case (.refused, .download): "apt could not download it"
        case (.refused, .unpack): "dpkg-deb could not unpack it"
        }
    }

    private var hint: String {
        switch reason {
        case .offline: "check the network, or \(instead)"
        case .diskFull: "free some space, or set XDG_CACHE_HOME to a folder on another disk"
        default: instead
        }
    }

    private static func reason(of result: CommandResult) -> Reason {
        if result.timedOut { return .timedOut }
        let text = result.errorText
        // strerror(3) with LC_ALL=C, then apt's own words for the same.
        if ["No space left on device", "have enough free space"].contains(where: text.contains) {
            return .diskFull
        }
        let isOffline = [
            "Could not resolve", "Temporary failure resolving", "Could not connect",
            "Unable to connect", "Network is unreachable", "Connection refused",
            "Connection timed out", "connection timed out", "Cannot initiate the connection",
        ].contains(where: text.contains)
        return isOffline ? .offline : .refused
    }

    /// The first lines that apt or dpkg-deb marks as errors, else the last it said.
    private static func complaints(_ result: CommandResult) -> [String] {
        let lines = result.errorText.split(separator: "\n").map(String.init)
        let marked = lines.filter { $0.hasPrefix("E: ") || $0.hasPrefix("dpkg-deb: error") }
        return Array((marked.isEmpty ? lines.suffix(3) : marked[...]).prefix(3))
    }
}
