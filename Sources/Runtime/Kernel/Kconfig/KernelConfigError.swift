import SystemPackage

/// Why a configuration could not be read or merged.
public enum KernelConfigError: DiagnosticError, Equatable {
    /// The file cannot be read.
    case unreadable(FilePath, Errno)
    /// A line is neither a setting nor a comment.
    case badLine(String, Int, String)
    /// Two places want different values of one symbol.
    case contradiction(String, KernelConfigRequest.Setting, KernelConfigRequest.Setting)
    /// The file is of a known kind, but no configuration is in it.
    case noConfig(FilePath, String)
    /// The running kernel does not show its configuration.
    case notShown
    /// There is no such file, and no fragment of qsh's own: the name, and the nearest.
    case noFragment(String, String?)
    /// make could not make or finish a configuration: its words, and what it said.
    case make(Command, String)
    /// The tree has no such configuration target: its name, the architecture, and the nearest.
    case noTarget(String, String, String?)
    /// The build folder cannot be written to.
    case unwritable(FilePath, Errno)
    /// The configuration is of another architecture: file, its architecture, the wanted one.
    case foreign(String, String, String)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .unreadable(let path, let error):
            Diagnostic(.usage, "configuration `\(path)`: \(error)")
        case .badLine(let file, let line, let text):
            Diagnostic(
                .usage,
                "configuration `\(file)`, line \(line): expected `CONFIG_NAME=value` or "
                    + "`# CONFIG_NAME is not set`, got `\(text)`")
        case .contradiction(let name, let first, let second):
            Diagnostic(
                .configUnmet,
                "configuration: `\(name)` is asked for twice: `\(first.value)` by "
                    + "\(first.origin), `\(second.value)` by \(second.origin)",
                hint: "remove one of the two, or decide with `set = { \(name) = … }`")
        case .noConfig(let path, let why):
            Diagnostic(.usage, "configuration in `\(path)`: \(why)")
        case .notShown:
            Diagnostic(
                .usage, "configuration of the running kernel: there is no `/proc/config.gz`",
                hint: "the kernel needs CONFIG_IKCONFIG_PROC; or give its /boot/config-RELEASE")
        case .noFragment(let name, let guess):
            Diagnostic(
                .usage,
                "fragment `\(name)`: no such file"
                    + (guess.map { "; did you mean qsh's own `\($0)`?" } ?? ""),
                notes: [
                    "qsh's own are "
                        + KernelFragment.ofQsh.map { "`\($0.name)`" }.joined(separator: ", ")
                ])
        case .make(let command, let said):
            Diagnostic(
                .buildFailed, "configuration: make failed: \(said)",
                reproduce: command.shellQuoted)
        case .noTarget(let name, let arch, let guess):
            Diagnostic(
                .usage,
                "configuration `\(name)`: neither a file nor a target of `\(arch)` in this tree"
                    + (guess.map { "; did you mean `\($0)`?" } ?? ""))
        case .unwritable(let path, let error):
            Diagnostic(.usage, "build folder `\(path)`: cannot be written to: \(error)")
        case .foreign(let file, let own, let wanted):
            Diagnostic(
                .usage,
                "configuration `\(file)`: it is for `\(own)`, and the kernel is built for "
                    + "`\(wanted)`",
                hint: "give `arch`, or a configuration of that architecture")
        }
    }
}

extension KernelConfigRequest.Origin: CustomStringConvertible {
    /// The place as a sentence names it.
    public var description: String {
        switch self {
        case .line(let file, let line): "`\(file):\(line)`"
        case .set: "`set`"
        case .requires: "`requires`"
        case .feature(let option): "`\(option)`"
        }
    }

    /// Whether it only wants the symbol to be there, however it came to be.
    var isRequirement: Bool {
        switch self {
        case .line, .set: false
        case .requires, .feature: true
        }
    }
}
