import SystemPackage

/// Why a configuration describes no machine that could be started.
public enum MachineConfigurationError: DiagnosticError, Equatable {
    /// A raw argument that qsh sets itself; with the option to use instead, where there is one.
    case ownedArgument(String, key: String?)
    /// A file named by an option cannot be read.
    case unreadable(option: String, FilePath, Errno)
    /// A folder named by an option is not there.
    case noFolder(option: String, FilePath)
    /// An option that is about QEMU, for a machine that has none.
    case notInUserMode(option: String)
    /// An initramfs file without a byte.
    case empty(option: String, FilePath)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .ownedArgument(let argument, let key?):
            Diagnostic(
                .usage, "option `args` cannot hold `\(argument)`: the machine's `\(key)` sets it",
                hint: "use `\(key) = …` instead")
        case .ownedArgument(let argument, nil):
            Diagnostic(
                .usage, "option `args` cannot hold `\(argument)`: qsh owns the console and QMP",
                hint: "leave it out; `machine.console` is the serial port")
        case .unreadable(let option, let path, let errno):
            Diagnostic(.usage, "\(option) `\(path)`: \(Self.reason(errno))")
        case .noFolder(let option, let path):
            Diagnostic(
                .usage, "\(option) `\(path)`: expected a folder that is there",
                hint: "make it first: mkdir -p \(Command.shellQuoted(path.string))")
        case .notInUserMode(let option):
            Diagnostic(
                .usage, "option `\(option)`: a machine of architecture um has no QEMU to take it",
                hint: "leave it out, or take another `arch`")
        case .empty(let option, let path):
            Diagnostic(.usage, "\(option) `\(path)`: it is empty")
        }
    }

    private static func reason(_ errno: Errno) -> String {
        switch errno {
        case .noSuchFileOrDirectory: "no such file"
        case .permissionDenied: "permission denied"
        case .isDirectory: "expected a file, got a folder"
        default: "could not be read: \(errno.lowercased)"
        }
    }
}
