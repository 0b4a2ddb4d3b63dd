import Glibc
import SystemPackage

@testable import QshRuntime

/// The real agent as a process of this machine, with its port on a socket pair.
@LoopActor
final class HostAgent {
    let channel: CommandChannel
    let port: ByteChannel
    private let process: pid_t

    /// Starts an agent.
    init() throws {
        let (port, peer) = try ByteChannel.pair()
        self.port = port
        process = try Self.spawn(with: peer)
        close(peer)
        channel = CommandChannel(port)
    }

    /// Ends the agent. To be called on every way out of a test: a mere reference may be released
    /// as soon as it is not used any more.
    func stop() {
        port.close()
        // It kills its children and leaves; a grace for a loaded machine.
        for _ in 0..<2000 where waitpid(process, nil, WNOHANG) == 0 { usleep(1000) }
        kill()
        waitpid(process, nil, 0)
    }

    /// Kills the agent with SIGKILL.
    func kill() {
        _ = Glibc.kill(process, SIGKILL)
    }

    /// Whether the agent's process has ended by itself; it stays a zombie until the end.
    var hasExited: Bool {
        var information = siginfo_t()
        let options = WEXITED | WNOHANG | WNOWAIT
        waitid(P_PID, id_t(process), &information, options)
        return information.si_signo != 0
    }

    private static func spawn(with peer: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, peer, 3)
        // The test runner's own descriptors are not marked and would reach the agent's children.
        for descriptor in Int32(4)..<256 where fcntl(descriptor, F_GETFD) == 0 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        let words = ["agent", "--port-fd", "3"].map { (word: String) in strdup(word) }
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        // ETXTBSY: another thread forked while the executable was being written.
        for _ in 0..<100 {
            let error = posix_spawn(
                &process, executable.string, &actions, nil, words + [nil], environ)
            if error == 0 { return process }
            guard error == ETXTBSY else { throw Errno(rawValue: error) }
            usleep(1000)
        }
        throw Errno.textFileBusy
    }

    private static let executable: FilePath = {
        let path = FilePath("/tmp/qsh-test-agent-\(getpid())")
        let bytes = GuestAgentImage.bytes(for: .ofHost) ?? []
        let file = open(path.string, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o755)
        _ = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        close(file)
        atexit { unlink("/tmp/qsh-test-agent-\(getpid())") }
        return path
    }()
}

/// Random bytes that are the same for the same seed.
func randomBytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed | 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state >> 24)
    }
}
