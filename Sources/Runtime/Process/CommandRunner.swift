import Glibc
import SystemPackage

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
    /// Its streams are pipes. Cancelling, or the deadline, ends the command's whole group: SIGTERM,
    /// then SIGKILL.
    /// - Parameters:
    ///   - input: its standard input, empty by default.
    ///   - outputLimit: bytes kept of each stream; the rest is read and dropped.
    ///   - grace: time between SIGTERM and SIGKILL.
    ///   - onOutput: sees each piece as it comes, also what is beyond the limit.
    /// - Throws: ``ProcessError`` where it could not be started, `CancellationError`.
    public static func run(
        _ command: Command, input: [UInt8] = [], outputLimit: Int = 64 << 20,
        grace: Duration = .seconds(2), until deadline: Deadline,
        onOutput: (@LoopActor (Stream, UnsafeRawBufferPointer) -> Void)? = nil
    ) async throws -> CommandResult {
        let pipes = try StandardPipes(for: command, hasInput: !input.isEmpty)
        let child = try ChildProcess.spawn(command, descriptors: pipes.childEnds)
        pipes.closeChildEnds()
        defer { pipes.close() }
        let output = OutputCollector(pipes.stdout, limit: outputLimit) { onOutput?(.stdout, $0) }
        let errors = OutputCollector(pipes.stderr, limit: outputLimit) { onOutput?(.stderr, $0) }
        pipes.send(input)
        let ended: ProcessExit?
        do { ended = try await child.waitForExit(until: deadline) } catch {
            await child.stop(grace: grace)
            throw error
        }
        if ended == nil { await child.stop(grace: grace) }
        // The group is swept at the end, so nobody is left who could keep the pipes open, except
        // what moved to a session of its own: for that the wait is short.
        try await output.finish(until: .after(.seconds(1)))
        try await errors.finish(until: .after(.seconds(1)))
        return CommandResult(ended, output, errors)
    }
}

extension CommandResult {
    @LoopActor
    fileprivate init(_ ended: ProcessExit?, _ output: OutputCollector, _ errors: OutputCollector) {
        self.init(
            code: nil, signal: nil, stdout: output.bytes, stderr: errors.bytes,
            timedOut: ended == nil, isTruncated: output.isTruncated || errors.isTruncated)
        switch ended {
        case nil: code = 124
        case .exited(let status): code = status
        case .signalled(let number): signal = number
        }
    }
}
