import CLinux
import Glibc
import SystemPackage

/// A machine of this user that some qsh owns, as its run folder tells.
public struct RunningMachine: Sendable, Equatable {
    /// The run folder's name, which no other machine has: `machine-4711-1`.
    public let id: String
    /// What its recipe called it.
    public let name: String
    /// The qsh process that owns it.
    public let owner: Int32
    /// QEMU's process.
    public let pid: Int32
    /// Seconds since it was started.
    public let age: Int
    /// A command line to paste, with the console on the terminal.
    public let command: String
    /// The run folder.
    public let folder: FilePath

    init?(_ entry: RunDirectoryEntry) {
        guard entry.isLive, let owner = entry.owner, let pid = entry.pid,
            let id = entry.path.lastComponent?.string
        else { return nil }
        // A machine that has ended keeps its folder as long as its recipe holds it.
        guard qunix_signal_child(pid, owner, 0) == 0 else { return nil }
        self.id = id
        self.owner = owner
        self.pid = pid
        name = id.split(separator: "-").dropLast(2).joined(separator: "-")
        command = entry.command ?? ""
        folder = entry.path
        var status = stat()
        let known = stat(entry.path.appending("pid").string, &status) == 0
        age = known ? max(0, time(nil) - status.st_mtim.tv_sec) : 0
    }

    /// All that run, by name.
    public static func all(
        in base: RunDirectoryBase = .standard
    ) throws(RunDirectoryError) -> [RunningMachine] {
        try base.list().compactMap { RunningMachine($0) }.sorted { $0.id < $1.id }
    }

    /// Finds one by what a person would type: its name, its id, or QEMU's process number.
    ///
    /// - Parameter word: nil takes the only one that runs.
    /// - Throws: ``RunningMachineError``, ``RunDirectoryError``.
    public static func find(
        _ word: String?, in base: RunDirectoryBase = .standard
    ) throws -> RunningMachine {
        let all = try all(in: base)
        let found = word.map { word in
            all.filter { $0.id == word || $0.name == word || "\($0.pid)" == word }
        }
        guard let found = found ?? all as [RunningMachine]?, let first = found.first else {
            throw RunningMachineError(asked: word, found: [], all: all)
        }
        guard found.count == 1 else {
            throw RunningMachineError(asked: word, found: found, all: all)
        }
        return first
    }

    /// Asks QEMU to end, and makes it after `grace`.
    ///
    /// - Returns: false where it had ended already.
    @LoopActor
    public func kill(grace: Duration = .seconds(3)) async throws -> Bool {
        guard qunix_signal_child(pid, owner, SIGTERM) == 0 else { return false }
        if try await hasEnded(within: grace) { return true }
        _ = qunix_signal_child(pid, owner, SIGKILL)
        _ = try await hasEnded(within: .seconds(3))
        return true
    }

    /// It is somebody else's child, so its pidfd is what tells.
    @LoopActor
    private func hasEnded(within limit: Duration) async throws -> Bool {
        let descriptor = qunix_pidfd(pid)
        guard descriptor >= 0 else { return true }
        let ended = Broadcast()
        var isOver = false
        let watch = EventLoop.shared.watch(descriptor, for: .readable) { _ in
            isOver = true
            ended.notify()
        }
        defer {
            watch.cancel()
            close(descriptor)
        }
        return try await ended.wait(until: .after(limit)) { isOver }
    }

    /// Opens its console: bytes both ways.
    ///
    /// - Throws: ``RunningMachineError`` where it does not answer.
    @LoopActor
    public func connect() throws(RunningMachineError) -> ByteChannel {
        let descriptor = qunix_connect(folder.string, ConsoleServer.socketName)
        guard descriptor >= 0 else {
            throw RunningMachineError(unreachable: self, Errno(rawValue: errno))
        }
        return ByteChannel(descriptor: descriptor)
    }

    /// Joins the user's terminal to its console until they leave it or it ends.
    ///
    /// - Throws: ``RunningMachineError``, `TerminalError`, `CancellationError`.
    @LoopActor
    public func interact(prefix: EscapePrefix? = .standard) async throws -> TerminalSessionExit {
        let channel = try connect()
        defer { channel.close() }
        let changed = Broadcast()
        channel.onEnd = { _ in changed.notify() }
        let peer = TerminalPeer(
            send: { try await channel.write($0, until: .after(.seconds(30))) },
            subscribe: { body in
                channel.onBytes = { bytes in LoopActor.assumeIsolated { body(bytes) } }
                return 0
            },
            unsubscribe: { _ in channel.onBytes = nil }, changed: changed,
            hasEnded: { channel.hasEnded })
        return try await TerminalSession.interact(
            with: peer, TerminalSessionConfiguration(name: name, prefix: prefix))
    }
}
