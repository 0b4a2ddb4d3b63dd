import Glibc
import TestSupport
import Testing

@testable import QshRuntime

/// Two hundred consoles in one process, each with a peer that answers what is typed.
@Suite struct ManyConsolesTests {
    init() { TestLoop.start() }

    private static let consoles = 200
    private static let exchanges = 100

    @Test @LoopActor func twoHundredConsolesLoseNothing() async throws {
        let pairs = try (0..<Self.consoles).map { try EchoPeer($0) }
        let done = LoopCount()
        for peer in pairs {
            LoopActor.task {
                do { try await Self.talk(with: peer) } catch { Issue.record(error) }
                done.add()
            }
        }
        let allEnded = try await done.changed.wait(until: .after(.seconds(120))) {
            done.value == Self.consoles
        }

        #expect(allEnded)
        for peer in pairs {
            #expect(peer.console.transcript.count == peer.answered)
            #expect(peer.lines == Self.exchanges)
        }
    }

    @LoopActor private static func talk(with peer: EchoPeer) async throws {
        for number in 0..<exchanges {
            try await peer.console.sendline("ask \(number)")
            let result = try await peer.console.expect(
                "answer \(peer.number) ask \(number)\n# ", limits: .init(total: .seconds(100)))
            try #require(result.before == [])
        }
        try #require(peer.console.unmatched == [])
    }
}

@LoopActor private final class LoopCount {
    private(set) var value = 0
    let changed = Broadcast()

    func add() {
        value += 1
        changed.notify()
    }
}

/// The other end of a console: each line comes back with the number of the console.
@LoopActor private final class EchoPeer {
    let number: Int
    let console = Console(transcript: Transcript())
    private(set) var answered = 0
    private(set) var lines = 0
    private let channel: ByteChannel
    private var line: [UInt8] = []

    init(_ number: Int) throws {
        self.number = number
        let (near, far) = try ByteChannel.pair()
        console.attach(near)
        channel = ByteChannel(descriptor: far)
        channel.onBytes = { [weak self] in self?.take($0) }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes {
            guard byte == 0x0A || byte == 0x0D else {
                line.append(byte)
                continue
            }
            let answer = Array("answer \(number) \(line.text)\r\n# ".utf8)
            line = []
            lines += 1
            answered += answer.count
            channel.enqueue(answer)
        }
    }
}
