import SystemPackage

/// Why a command could not be run.
public enum ProcessError: DiagnosticError, Equatable {
    /// No such program on `PATH`, or none with execute permission.
    case notFound(program: String)
    /// The program was given by its path, and there is no such file.
    case noSuchFile(program: String)
    /// The file is there, but what its first line or its ELF header names to run it is not.
    case noInterpreter(program: String)
    /// The folder to run it in cannot be entered.
    case noDirectory(program: String, directory: FilePath, Errno)
    /// An argument or a variable holds a NUL byte.
    case holdsNUL(program: String)
    /// The kernel refused to start it.
    case cannotStart(program: String, Errno)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .notFound(let program):
            Diagnostic(.qemuDidNotStart, "cannot run `\(program)`: not found on PATH")
        case .noSuchFile(let program):
            Diagnostic(.qemuDidNotStart, "cannot run `\(program)`: no such file")
        case .noInterpreter(let program):
            Diagnostic(
                .qemuDidNotStart, "cannot run `\(program)`: the interpreter it names is missing",
                hint: "see `file \(Command.shellQuoted(program))` or its first line")
        case .noDirectory(let program, let directory, let error):
            Diagnostic(
                .usage, "cannot run `\(program)` in `\(directory)`: \(error.lowercased)")
        case .holdsNUL(let program):
            Diagnostic(
                .usage,
                "cannot run `\(program)`: an argument or a variable holds a NUL byte, which no"
                    + " program can be given")
        case .cannotStart(let program, .execFormatError):
            Diagnostic(
                .qemuDidNotStart,
                "cannot run `\(program)`: it is no program for this machine and has no `#!` line")
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
