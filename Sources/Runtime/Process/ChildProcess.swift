import CLinux
import Glibc
import SystemPackage

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
}

/// A child process in a session or group of its own, which dies with qsh, `kill -9` included.
@LoopActor
public final class ChildProcess {
    /// Which signals of the terminal reach the child.
    public enum Isolation: Sendable {
        /// A session: no controlling terminal at all.
        case newSession
        /// A process group: the terminal is there, but its Ctrl-C is not for the child.
        case newGroup
    }

    /// The process, which is also its group.
    public nonisolated let pid: Int32
    /// How it ended; nil while it runs.
    public private(set) var exit: ProcessExit?
    /// Notified when it ends.
    public let changed = Broadcast()

    private let pidfd: Int32
    private var watch: DescriptorWatch?

    private init(pid: Int32, pidfd: Int32) {
        self.pid = pid
        self.pidfd = pidfd
        watch = EventLoop.shared.watch(pidfd, for: .readable) { [weak self] _ in self?.reap() }
    }

    isolated deinit {
        signal(SIGKILL)
        reap(blocking: true)
    }

    /// Starts a command.
    ///
    /// - Parameter descriptors: number in the child to descriptor here; 0, 1 and 2 that are not
    ///   among them are `/dev/null`. The descriptors here stay open and are the caller's.
    public static func spawn(
        _ command: Command, descriptors: [Int32: Int32] = [:],
        isolation: Isolation = .newSession
    ) throws(ProcessError) -> ChildProcess {
        guard let path = Command.locate(command.program) else {
            throw .notFound(program: command.program)
        }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        var placed = descriptors
        for number: Int32 in 0...2 where placed[number] == nil { placed[number] = null }
        let list = placed.map { qspawn_descriptor(child: $0.key, host: $0.value) }
        var child = qspawn_child()
        let error = withCStrings(command.arguments) { arguments in
            withCStrings(command.mergedEnvironment) { environment in
                list.withUnsafeBufferPointer { list in
                    withOptionalCString(command.workingDirectory?.string) { directory in
                        path.string.withCString { path in
                            var request = qspawn_request(
                                path: path, arguments: arguments, environment: environment,
                                directory: directory, descriptors: list.baseAddress,
                                descriptor_count: list.count,
                                new_session: isolation == .newSession ? 1 : 0)
                            return qspawn(&request, &child)
                        }
                    }
                }
            }
        }
        if error == ENOENT, command.workingDirectory == nil {
            throw .notFound(program: command.program)
        }
        guard error == 0 else {
            throw .cannotStart(program: command.program, Errno(rawValue: error))
        }
        return ChildProcess(pid: child.pid, pidfd: child.pidfd)
    }

    /// Sends a signal to the child and all of its group; nothing once it has ended.
    public func signal(_ number: Int32) {
        guard exit == nil else { return }
        // Not yet reaped, so neither number can belong to anybody else.
        if kill(-pid, number) != 0 { kill(pid, number) }
    }

    /// Waits for the end.
    ///
    /// - Returns: nil where the deadline passed first.
    public func waitForExit(until deadline: Deadline) async throws -> ProcessExit? {
        _ = try await changed.wait(until: deadline) { self.exit != nil }
        return exit
    }

    /// Ends the child: SIGTERM, then SIGKILL after `grace`. Not cancellable, since a cancelled
    /// owner is the usual reason to call it.
    public func stop(grace: Duration = .seconds(2)) async {
        guard exit == nil else { return }
        signal(SIGTERM)
        let stopped = LoopActor.task {
            _ = try? await self.waitForExit(until: .after(grace))
            self.signal(SIGKILL)
            _ = try? await self.waitForExit(until: .after(.seconds(10)))
        }
        await stopped.value
    }

    private func reap(blocking: Bool = false) {
        guard exit == nil else { return }
        var information = siginfo_t()
        // Leaves the zombie, so that its number is still ours while the group is swept.
        let options = WEXITED | WNOWAIT | (blocking ? 0 : WNOHANG)
        let result = waitid(P_PID, id_t(pid), &information, options)
        guard result == 0, information.si_signo == SIGCHLD else { return }
        kill(-pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        let number = status & 0x7f
        exit = number == 0 ? .exited((status >> 8) & 0xff) : .signalled(number)
        watch?.cancel()
        watch = nil
        close(pidfd)
        changed.notify()
    }
}

private func withOptionalCString<Result>(
    _ text: String?, _ body: (UnsafePointer<CChar>?) -> Result
) -> Result {
    guard let text else { return body(nil) }
    return text.withCString(body)
}

private func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    let copies = texts.map { strdup($0) } + [nil]
    defer { copies.forEach { free($0) } }
    return copies.withUnsafeBufferPointer { buffer in
        // An empty list still has its closing NULL.
        buffer.baseAddress.map(body) ?? withUnsafePointer(to: nil, body)
    }
}
