import SystemPackage

/// Why a command could not be run.
public enum ProcessError: DiagnosticError, Equatable {
    /// No such program on `PATH`, or none with execute permission.
    case notFound(program: String)
    /// The kernel refused to start it.
    case cannotStart(program: String, Errno)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .notFound(let program):
            Diagnostic(.qemuDidNotStart, "cannot run `\(program)`: not found on PATH")
        case .cannotStart(let program, let error):
            Diagnostic(.qemuDidNotStart, "cannot run `\(program)`: \(error.lowercased)")
        }
    }
}

extension Errno {
    /// The system's words for the error, in the lower case of qsh's own texts.
    public var lowercased: String {
        let text = description
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
