import Glibc
import SystemPackage

/// What a command that ran to its end left behind. A status other than 0 is a normal result.
public struct CommandResult: Sendable, Equatable {
    /// How it ended; 124 as in timeout(1) where the deadline passed.
    public var code: Int32?
    /// The signal that killed it.
    public var signal: Int32?
    /// What it printed, up to the limit.
    public var stdout: [UInt8]
    /// What it said on its error stream, up to the limit.
    public var stderr: [UInt8]
    /// Whether the deadline passed and it was killed.
    public var timedOut: Bool
    /// Whether output beyond the limit was dropped.
    public var isTruncated: Bool

    /// Whether it ended with status 0.
    public var succeeded: Bool { code == 0 && !timedOut }
    /// Its error stream as text, without the line end.
    public var errorText: String {
        String(decoding: stderr, as: UTF8.self).trimmingSuffix { $0.isNewline }
    }
    /// Its output as text, without the line end.
    public var outputText: String {
        String(decoding: stdout, as: UTF8.self).trimmingSuffix { $0.isNewline }
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        var copy = self[...]
        while let last = copy.last, predicate(last) { copy.removeLast() }
        return String(copy)
    }
}

/// Runs host commands to their end.
@LoopActor
public enum CommandRunner {
    /// Which stream a piece of output came from.
    public enum Stream: Sendable {
        case stdout
        case stderr
    }

    /// Runs a command and collects what it prints.
    ///
    /// Cancelling, or the deadline, kills the command's whole group.
    /// - Parameters:
    ///   - input: its standard input, empty by default.
    ///   - outputLimit: bytes kept of each stream; the rest is read and dropped.
    ///   - onOutput: sees each piece as it comes.
    /// - Throws: `ProcessError` where it could not be started, `CancellationError`.
    public static func run(
        _ command: Command, input: [UInt8] = [], outputLimit: Int = 64 << 20,
        until deadline: Deadline,
        onOutput: (@LoopActor (Stream, UnsafeRawBufferPointer) -> Void)? = nil
    ) async throws -> CommandResult {
        let stdin = try pipe(for: command)
        let stdout = try pipe(for: command)
        let stderr = try pipe(for: command)
        let child: ChildProcess
        do {
            defer { [stdin, stdout, stderr].forEach { _ = close($0.peer) } }
            child = try ChildProcess.spawn(
                command, descriptors: [0: stdin.peer, 1: stdout.peer, 2: stderr.peer])
        }
        let output = Collector(.stdout, stdout.channel, limit: outputLimit, onOutput)
        let errors = Collector(.stderr, stderr.channel, limit: outputLimit, onOutput)
        stdin.channel.enqueue(input)
        stdin.channel.endWritingWhenDrained()
        defer {
            stdin.channel.close()
            stdout.channel.close()
            stderr.channel.close()
        }
        let ended = try await withTaskCancellationHandler {
            try await child.waitForExit(until: deadline)
        } onCancel: {
            LoopActor.task { child.signal(SIGKILL) }
        }
        if ended == nil { await child.stop() }
        // The group is swept at the end, so nobody is left who could keep the pipes open, except
        // what moved to a session of its own: for that the wait is short.
        await output.finish()
        await errors.finish()
        var result = CommandResult(
            code: nil, signal: nil, stdout: output.bytes, stderr: errors.bytes,
            timedOut: ended == nil, isTruncated: output.isTruncated || errors.isTruncated)
        switch ended {
        case nil: result.code = 124
        case .exited(let status): result.code = status
        case .signalled(let number): result.signal = number
        }
        return result
    }

    private static func pipe(
        for command: Command
    ) throws(ProcessError) -> (channel: ByteChannel, peer: Int32) {
        do { return try ByteChannel.pair() } catch {
            throw .cannotStart(program: command.program, error)
        }
    }

    /// Keeps what one stream said, up to a limit.
    @LoopActor
    private final class Collector {
        private(set) var bytes: [UInt8] = []
        private(set) var isTruncated = false
        private let channel: ByteChannel
        private let ended = Broadcast()

        init(
            _ stream: Stream, _ channel: ByteChannel, limit: Int,
            _ onOutput: (@LoopActor (Stream, UnsafeRawBufferPointer) -> Void)?
        ) {
            self.channel = channel
            channel.onBytes = { [unowned self] piece in
                onOutput?(stream, piece)
                let kept = min(piece.count, limit - bytes.count)
                bytes.append(contentsOf: piece.prefix(kept))
                if kept < piece.count { isTruncated = true }
            }
            channel.onEnd = { [ended] _ in ended.notify() }
        }

        func finish() async {
            _ = try? await ended.wait(until: .after(.seconds(1))) { self.channel.hasEnded }
        }
    }
}
