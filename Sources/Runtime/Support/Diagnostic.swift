/// How a run ended or why a call failed: the closed set of qsh's verdicts.
///
/// The raw value is what recipes see as `err.kind`. Exit codes are assigned in `Sources/qsh`.
public enum Verdict: String, Sendable, CaseIterable {
    case ok
    /// An assertion, an expectation or a command in the guest failed.
    case recipeFailed = "recipe-failed"
    /// Wrong options or arguments, unreadable input, or a recipe that does not load.
    case usage
    case configUnmet = "config-unmet"
    case buildFailed = "build-failed"
    /// QEMU or another tool that qsh needs is missing, refused its arguments or could not be run.
    case qemuDidNotStart = "qemu-did-not-start"
    case noOutput = "no-output"
    case panic
    case oops
    case hung
    case timeout
    case qemuDied = "qemu-died"
    case interrupted
}

/// Everything an error tells its reader, before colours and labels.
///
/// Rendered as `error: message`, then `at`, `note:`, `hint:` and `reproduce:` lines.
public struct Diagnostic: Sendable, Equatable {
    /// Which verdict the error amounts to.
    public var verdict: Verdict
    /// ``what: why``: lower case, no full stop, the user's words in backticks.
    public var message: String
    /// Facts, one sentence each; may hold several lines (the last console lines).
    public var notes: [String]
    /// One action that the user can take now.
    public var hint: String?
    /// The exact command, quoted for a shell.
    public var reproduce: String?

    /// Makes a diagnostic; only the message is needed.
    public init(
        _ verdict: Verdict, _ message: String, notes: [String] = [], hint: String? = nil,
        reproduce: String? = nil
    ) {
        self.verdict = verdict
        self.message = message
        self.notes = notes
        self.hint = hint
        self.reproduce = reproduce
    }
}

/// An error that can explain itself. Every error that leaves a module of qsh is one.
public protocol DiagnosticError: Error, CustomStringConvertible {
    /// The text of the error, made in one place for each error type.
    var diagnostic: Diagnostic { get }
}

extension DiagnosticError {
    /// The diagnostic's message.
    public var description: String { diagnostic.message }
}
