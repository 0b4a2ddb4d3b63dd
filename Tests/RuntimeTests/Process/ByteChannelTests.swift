import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

@Suite struct ByteChannelTests {
    init() { TestLoop.start() }

    @Test @LoopActor func deliversEveryByteThenTheEnd() async throws {
        var received: [UInt8] = []
        let ended = Broadcast()
        let sent = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let (left, right) = try ByteChannel.pair()
        let reader = ByteChannel(descriptor: right)
        reader.onBytes = { received.append(contentsOf: $0) }
        reader.onEnd = { _ in ended.notify() }
        try await left.write(sent, until: .after(.seconds(5)))
        left.close()
        let inTime = try await ended.wait(until: .after(.seconds(5))) { reader.hasEnded }

        #expect(inTime)
        #expect(received == sent)
    }

    @Test @LoopActor func writingToADeadPeerThrows() async throws {
        let (channel, peer) = try ByteChannel.pair()
        close(peer)

        await #expect(throws: Errno.self) {
            for _ in 0..<3 { try await channel.write([1, 2, 3], until: .after(.seconds(5))) }
        }
    }
}
