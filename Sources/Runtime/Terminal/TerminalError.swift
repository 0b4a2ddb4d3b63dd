import SystemPackage

/// Why a terminal could not be attached to a console.
public enum TerminalError: DiagnosticError, Equatable {
    /// The descriptor is a pipe, a file or closed.
    case notATerminal
    /// Another session holds the terminal.
    case busy
    /// A system call failed.
    case failed(Errno)
    /// A prefix that no key types.
    case badPrefix(String)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .notATerminal:
            Diagnostic(
                .usage, "cannot attach to the console: standard input is not a terminal",
                hint: "run qsh in a terminal, or drive the console with `expect` and `sendline`")
        case .busy:
            Diagnostic(
                .recipeFailed,
                "cannot attach to the console: the terminal is attached to another one",
                hint: "leave the other one first")
        case .failed(let error):
            Diagnostic(
                .recipeFailed, "cannot attach to the console: \(error.lowercased)")
        case .badPrefix(let got):
            Diagnostic(
                .usage,
                "option `escape` expects a control key such as \"^]\" or \"^A\", got \"\(got)\"")
        }
    }
}
