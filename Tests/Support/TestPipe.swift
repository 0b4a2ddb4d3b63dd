import Glibc
import QshRuntime
import SystemPackage

/// A pipe that tells when the last process that holds its writing end is gone.
@LoopActor
public final class TestPipe {
    /// The end to hand to children.
    public private(set) var writingEnd: Int32
    /// What was written so far.
    public private(set) var received: [UInt8] = []

    private let reader: ByteChannel
    private let changed = Broadcast()

    /// Makes one.
    public init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Errno(rawValue: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        writingEnd = ends[1]
        reader = ByteChannel(descriptor: ends[0])
        reader.onBytes = { [weak self] bytes in
            self?.received.append(contentsOf: bytes)
            self?.changed.notify()
        }
        reader.onEnd = { [changed] _ in changed.notify() }
    }

    isolated deinit {
        closeHere()
        reader.close()
    }

    /// Gives up this process's copy of the writing end.
    public func closeHere() {
        if writingEnd >= 0 { close(writingEnd) }
        writingEnd = -1
    }

    /// Waits until nobody can write any more; false where the deadline passed.
    public func waitForEnd(until deadline: Deadline) async throws -> Bool {
        closeHere()
        return try await changed.wait(until: deadline) { self.reader.hasEnded }
    }

    /// Waits for a line and returns it; nil where the deadline passed.
    public func line(until deadline: Deadline) async throws -> String? {
        let newline = UInt8(ascii: "\n")
        _ = try await changed.wait(until: deadline) { self.received.contains(newline) }
        guard let end = received.firstIndex(of: newline) else { return nil }
        let line = String(decoding: received[..<end], as: UTF8.self)
        received.removeSubrange(...end)
        return line
    }
}
