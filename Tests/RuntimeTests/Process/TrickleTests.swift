import Glibc
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct TrickleTests {
    init() { TestLoop.start() }

    private func resting() -> Trickle {
        var trickle = Trickle()
        trickle.isGathered = true
        for _ in 0..<32 { trickle.noteRead(1) }
        return trickle
    }

    @Test func aShortAnswerIsReadAtEachByte() {
        var trickle = Trickle()
        trickle.isGathered = true
        for _ in 0..<31 { trickle.noteRead(1) }

        #expect(!trickle.isResting)
    }

    @Test func manySmallReadsAreGathered() {
        #expect(resting().isResting)
    }

    @Test func nothingIsGatheredUnlessAskedFor() {
        var trickle = Trickle()
        for _ in 0..<1000 { trickle.noteRead(1) }

        #expect(!trickle.isResting)
    }

    @Test func whatIsSentAndAFloodEndTheRest() {
        var sent = resting()
        sent.end()
        var flooded = resting()
        flooded.noteRead(100_000)

        #expect(!sent.isResting)
        #expect(!flooded.isResting)
    }

    @Test @LoopActor func everyByteAndTheEndArriveWhileBytesAreGathered() async throws {
        var received: [UInt8] = []
        var reads = 0
        let changed = Broadcast()
        let (channel, peer) = try ByteChannel.pair()
        channel.gathersTrickle = true
        channel.onBytes = {
            received.append(contentsOf: $0)
            reads += 1
            changed.notify()
        }
        channel.onEnd = { _ in changed.notify() }
        let sent = (0..<200).map { UInt8($0) }
        for (index, byte) in sent.enumerated() {
            var byte = byte
            #expect(write(peer, &byte, 1) == 1)
            // Until it rests, each byte is awaited, so that each is a read of its own.
            guard index < 32 else { continue }
            _ = try await changed.wait(until: .after(.seconds(5))) { received.count == index + 1 }
        }
        close(peer)
        let inTime = try await changed.wait(until: .after(.seconds(5))) { channel.hasEnded }

        #expect(inTime)
        #expect(received == sent)
        #expect(reads < 40, "168 bytes that came at once took \(reads - 32) reads")
    }

    @Test @LoopActor func readingThatIsPausedWhileBytesGatherGoesOn() async throws {
        var count = 0
        let changed = Broadcast()
        let (channel, peer) = try ByteChannel.pair()
        defer { close(peer) }
        channel.gathersTrickle = true
        channel.onBytes = {
            count += $0.count
            changed.notify()
        }
        for index in 0..<40 {
            #expect(write(peer, "x", 1) == 1)
            _ = try await changed.wait(until: .after(.seconds(5))) { count == index + 1 }
        }
        channel.isPaused = true
        #expect(write(peer, "y", 1) == 1)
        let isHeld = try await !changed.wait(until: .after(.milliseconds(20))) { count == 41 }
        channel.isPaused = false
        let inTime = try await changed.wait(until: .after(.seconds(5))) { count == 41 }

        #expect(isHeld)
        #expect(inTime)
    }
}
