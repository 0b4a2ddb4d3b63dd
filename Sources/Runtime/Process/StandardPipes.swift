import CLinux
import Glibc
import SystemPackage

/// The pipes of a command's standard streams.
///
/// Pipes and not sockets, since programs open `/dev/stdin` and `/dev/stdout`, which fails on a
/// socket.
@LoopActor
final class StandardPipes {
    let stdout: ByteChannel
    let stderr: ByteChannel
    /// Number in the child to descriptor here.
    private(set) var childEnds: [Int32: Int32]
    private let stdin: ByteChannel?

    init(for command: Command, hasInput: Bool) throws(ProcessError) {
        var open: [Int32] = []
        do throws(Errno) {
            let output = try Self.pipe(&open)
            let errors = try Self.pipe(&open)
            childEnds = [1: output.write, 2: errors.write]
            if hasInput {
                let input = try Self.pipe(&open)
                childEnds[0] = input.read
                stdin = ByteChannel(descriptor: input.write)
            } else {
                stdin = nil
            }
            stdout = ByteChannel(descriptor: output.read)
            stderr = ByteChannel(descriptor: errors.read)
        } catch {
            for descriptor in open { _ = Glibc.close(descriptor) }
            throw .cannotStart(program: command.program, error)
        }
    }

    isolated deinit {
        closeChildEnds()
        close()
    }

    /// Closes what the child has got copies of.
    func closeChildEnds() {
        for descriptor in childEnds.values { _ = Glibc.close(descriptor) }
        childEnds = [:]
    }

    /// Closes this side.
    func close() {
        for channel in [stdin, stdout, stderr] { channel?.close() }
    }

    /// Writes all of the command's input, then closes it.
    func send(_ input: [UInt8]) {
        guard let stdin else { return }
        LoopActor.task {
            // A command need not read its input; that is no error.
            try? await stdin.write(input, until: .never)
            stdin.close()
        }
    }

    /// Writes a piece of the command's input and waits until the pipe has taken it.
    ///
    /// - Returns: false where the command reads no further.
    func write(_ piece: [UInt8], until deadline: Deadline) async throws -> Bool {
        guard let stdin, !stdin.hasEnded else { return false }
        do { try await stdin.write(piece, until: deadline) } catch is Errno { return false }
        return true
    }

    /// Tells the command that its input ends here.
    func endInput() { stdin?.close() }

    private static func pipe(_ open: inout [Int32]) throws(Errno) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard q_pipe(&ends) == 0 else { throw Errno(rawValue: errno) }
        open += ends
        return (ends[0], ends[1])
    }
}
