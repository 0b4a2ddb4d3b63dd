import SystemPackage

/// Why a command or a file transfer in a guest could not be done.
public enum GuestAgentError: DiagnosticError, Equatable {
    /// No agent has answered within the time given.
    case notConnected(waited: Duration)
    /// The guest's init has not said within the time given that its root is set up.
    case rootNotReady(waited: Duration)
    /// The machine's side of the channel is closed.
    case channelEnded
    /// The bytes on the channel were not the protocol's.
    case streamBroken(String)
    /// The agent in the guest was replaced by another while an operation ran.
    case agentRestarted
    /// The agent in the guest has ended while an operation ran.
    case agentGone
    /// The agent in the guest is of another version of qsh.
    case versionMismatch(got: UInt32)
    /// The program could not be executed.
    case cannotStart(command: String, program: String, Errno)
    /// The directory to start in could not be entered.
    case cannotEnter(directory: String, Errno)
    /// The command did not end in time and was killed. `tail` is the last of what it wrote.
    case timedOut(command: String, limit: Duration, tail: String)
    /// The command wrote more than allowed and was killed.
    case outputTooLong(command: String, limit: Int)
    /// A file in the guest could not be read or written (`action`).
    case file(path: String, action: String, Errno)
    /// The guest's kernel refused a request (`setting the clock`).
    case refused(action: String, Errno)
    /// Arguments and environment do not fit into one request.
    case argumentsTooLong(bytes: Int, limit: Int)
    /// A text for the guest holds a NUL byte; `what` says which.
    case holdsNUL(what: String)
    /// No program was named.
    case emptyCommand

    /// The one place of the texts.
    public var diagnostic: Diagnostic {
        switch self {
        case .notConnected, .rootNotReady, .channelEnded, .streamBroken, .agentRestarted,
            .agentGone, .versionMismatch:
            connectionDiagnostic
        case .timedOut(let command, let limit, let tail):
            Diagnostic(
                .timeout,
                "`\(command)` in the guest: did not end within \(describe(limit)) and was killed",
                notes: tail.isEmpty ? ["it had written nothing"] : ["its last output:\n\(tail)"],
                hint: "give it more time with `timeout`")
        case .outputTooLong(let command, let limit):
            Diagnostic(
                .recipeFailed,
                "`\(command)` in the guest: wrote more than \(limit) bytes and was killed",
                hint: "receive its output with `on_stdout`, or redirect it to a file")
        default: refusalDiagnostic
        }
    }

    private var connectionDiagnostic: Diagnostic {
        switch self {
        case .notConnected(let waited):
            Diagnostic(
                .timeout,
                "command channel: no agent in the guest answered within \(describe(waited))",
                hint: "boot an initramfs of qsh's, which carries the agent, and check that the "
                    + "kernel has virtio_console, built in or among the initramfs's modules")
        case .rootNotReady(let waited):
            Diagnostic(
                .timeout,
                "command channel: the guest's init did not finish within \(describe(waited))",
                hint: "look at the console: a program in `/etc/qsh/init.d` may hang")
        case .channelEnded:
            Diagnostic(.recipeFailed, "command channel: the machine has closed it")
        case .streamBroken(let reason):
            Diagnostic(
                .recipeFailed, "command channel: \(reason)",
                hint: "check that nothing else in the guest writes to the port `org.qsh.agent`")
        case .agentRestarted:
            Diagnostic(.recipeFailed, "command channel: the agent in the guest was started anew")
        case .agentGone:
            Diagnostic(
                .recipeFailed, "command channel: the agent in the guest has ended",
                hint: "look at the console: it was killed, or the guest ran out of memory")
        case .versionMismatch(let got):
            Diagnostic(
                .recipeFailed,
                "command channel: expected an agent of protocol \(GuestFrame.version), got \(got)",
                hint: "assemble the initramfs again with this version of qsh")
        default: refusalDiagnostic
        }
    }

    private var refusalDiagnostic: Diagnostic {
        switch self {
        case .cannotStart(let command, let program, let errno):
            Diagnostic(
                .recipeFailed, "`\(command)` in the guest: cannot run `\(program)`: \(text(errno))")
        case .cannotEnter(let directory, let errno):
            Diagnostic(.recipeFailed, "`\(directory)` in the guest: cannot enter: \(text(errno))")
        case .file(let path, let action, let errno):
            Diagnostic(.recipeFailed, "`\(path)` in the guest: cannot \(action): \(text(errno))")
        case .refused(let action, let errno):
            Diagnostic(.recipeFailed, "\(action) in the guest: \(text(errno))")
        case .argumentsTooLong(let bytes, let limit):
            Diagnostic(
                .usage,
                "command for the guest: expected at most \(limit) bytes of arguments and "
                    + "environment, got \(bytes)",
                hint: "pass the data as `stdin`")
        case .holdsNUL(let what):
            Diagnostic(.usage, "command for the guest: \(what) holds a NUL byte")
        default:
            Diagnostic(.usage, "command for the guest: expected a program, got an empty list")
        }
    }
}

private func describe(_ duration: Duration) -> String {
    let milliseconds = Int((duration.seconds * 1000).rounded())
    return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
}

private func text(_ errno: Errno) -> String {
    let text = errno.description
    return text.prefix(1).lowercased() + text.dropFirst()
}
