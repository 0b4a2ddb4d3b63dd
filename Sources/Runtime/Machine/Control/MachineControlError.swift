import SystemPackage

/// Why a machine could not be controlled as asked.
public enum MachineControlError: DiagnosticError, Equatable {
    /// A screenshot of a machine without a screen.
    case noDisplay
    /// QEMU cannot write PNG files: older than 7.1, or built without libpng.
    case noPNG
    /// Keys for a machine without a keyboard.
    case noKeyboard
    /// A key's name that QEMU does not know.
    case unknownKey(String, nearest: String?)
    /// A character that is on no key of a US keyboard.
    case untypable(Character)
    /// The debugger's server did not start; QEMU's words.
    case noDebugServer(String)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .noDisplay:
            Diagnostic(
                .recipeFailed, "screenshot: the machine has no screen",
                hint: "boot it with `display = true`")
        case .noPNG:
            Diagnostic(
                .qemuDidNotStart, "screenshot: this QEMU cannot write PNG files",
                hint: "use QEMU 7.1 or newer")
        case .noKeyboard:
            Diagnostic(
                .recipeFailed, "keys: the machine has no keyboard",
                hint: "boot it with `display = true`, which adds one")
        case .unknownKey(let name, let nearest):
            Diagnostic(
                .usage, "key `\(name)`: there is no such key",
                hint: nearest.map { "did you mean `\($0)`?" })
        case .untypable(let character):
            Diagnostic(
                .usage, "`\(character)` cannot be typed: it is on no key of a US keyboard",
                hint: "use `console:send` for text beyond ASCII")
        case .noDebugServer(let words):
            Diagnostic(.recipeFailed, "gdb: QEMU's server did not start: \(words)")
        }
    }
}
