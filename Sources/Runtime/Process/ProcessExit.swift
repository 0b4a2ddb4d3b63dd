/// How a process ended.
public enum ProcessExit: Sendable, Equatable {
    /// By itself, with this status.
    case exited(Int32)
    /// Killed by this signal.
    case signalled(Int32)

    /// As a shell's `$?`: 128 and the signal's number for a killed one.
    public var shellStatus: Int32 {
        switch self {
        case .exited(let status): status
        case .signalled(let number): 128 + number
        }
    }

    /// Takes the status word of waitpid(2) apart.
    init(waitStatus: Int32) {
        let number = waitStatus & 0x7f
        self = number == 0 ? .exited((waitStatus >> 8) & 0xff) : .signalled(number)
    }
}
