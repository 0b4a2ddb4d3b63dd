/// Why a QMP command has no result.
public enum QMPError: DiagnosticError, Equatable {
    /// QEMU has gone, or was gone before.
    case ended(command: String)
    /// No answer within the limit.
    case timedOut(command: String, after: Duration)
    /// QEMU said no; `kind` is its error class.
    case refused(command: String, kind: String, description: String)
    /// An event did not come within the limit.
    case noEvent(String, after: Duration)
    /// QEMU has gone before an event came.
    case endedBeforeEvent(String)
    /// What came is not QMP; the first bytes of it.
    case garbage(String)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .ended(let command):
            Diagnostic(.qemuDied, "QMP command `\(command)`: QEMU has gone")
        case .timedOut(let command, let limit):
            Diagnostic(
                .timeout, "QMP command `\(command)`: no answer in \(limit.inSeconds)")
        case .refused(let command, _, let description):
            Diagnostic(.recipeFailed, "QMP command `\(command)`: QEMU refused: \(description)")
        case .noEvent(let name, let limit):
            Diagnostic(.timeout, "QMP event `\(name)`: did not come in \(limit.inSeconds)")
        case .endedBeforeEvent(let name):
            Diagnostic(.qemuDied, "QMP event `\(name)`: QEMU has gone before it came")
        case .garbage(let start):
            Diagnostic(
                .qemuDied,
                "QMP: expected a line of JSON from QEMU, got `\(printable(start.utf8))`")
        }
    }
}
