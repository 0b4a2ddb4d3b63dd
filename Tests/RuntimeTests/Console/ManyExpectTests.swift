import TestSupport
import Testing

@testable import QshRuntime

/// Waits by the thousand on live consoles, what is printed cut anywhere and disturbed everywhere.
@Suite struct ManyExpectTests {
    init() { TestLoop.start() }

    private static let callsOfAConsole = 500

    /// Ten thousand in all: each match is the one that is due, and what came before it is whole.
    @Test(arguments: 0..<20)
    @LoopActor func noMatchIsFalseAndNoneIsMissed(seed: Int) async throws {
        let guest = FakeGuest()
        var random = SeededRandom(seed: UInt64(seed) + 100)
        var clock = 1_000_000
        for number in 0..<Self.callsOfAConsole {
            let answer = try Answer(number, &random, &clock)
            var pieces = answer.pieces(&random)
            // Some of it is there before anybody waits.
            for _ in 0..<random.below(pieces.count) { guest.prints(pieces.removeFirst()) }
            let rest = pieces
            let printing = LoopActor.task {
                for piece in rest {
                    await Task.yield()
                    guest.prints(piece)
                }
            }
            let result = try await guest.console.expect(
                answer.patterns, limits: ExpectLimits(total: .seconds(20)))
            await printing.value
            let isRight =
                result.index == answer.index && result.match == answer.marker
                && result.before == answer.text
            #expect(isRight, "seed \(seed), call \(number): \(result.before.text)")
            guard isRight else { return }
        }
    }
}

/// What a program prints up to a marker, and the same as the console brings it.
private struct Answer {
    var text: [UInt8] = []
    var bytes: [UInt8] = []
    let marker: [UInt8]
    var patterns: [ConsolePattern] = []
    var index = 0

    private static let letters = Array("ab (1)=\n#[:".utf8) + [0, 0xFF, 0xC3, 0xBC]
    private static let escapes = [
        "\u{1B}[6n", "\u{1B}[2J", "\u{1B}c", "\u{1B}[?7l", "\u{1B}]0;title\u{7}", "\u{1B}(B",
        "\u{1B}[?2004h", "\u{1B}]8;;x\u{1B}\\", "\u{1B}[31m",
    ]

    init(_ number: Int, _ random: inout SeededRandom, _ clock: inout Int) throws {
        marker = Array("=\(number)x# ".utf8)
        for _ in 0..<random.below(60) {
            let letter = Self.letters[random.below(Self.letters.count)]
            add(letter, &random, &clock)
            text.append(letter)
        }
        for letter in marker { add(letter, &random, &clock) }
        let own = String(decoding: marker, as: UTF8.self)
        // Near misses: another last letter, and the number of the next call.
        patterns = [
            try .literal(String(own.dropLast()) + "Z"), try .literal("=\(number + 1)x# "),
            random.below(2) == 0 ? try .lua("=\(number)x# ") : try .literal(own),
        ]
        index = random.below(3)
        patterns.swapAt(index, 2)
    }

    private mutating func add(
        _ letter: UInt8, _ random: inout SeededRandom, _ clock: inout Int
    ) {
        if random.below(12) == 0 {
            clock += random.below(100_000)
            let fraction = String(clock % 1_000_000 + 1_000_000).dropFirst()
            let seconds = String(clock / 1_000_000)
            let padding = String(repeating: " ", count: max(0, 5 - seconds.count))
            let level = random.below(2) == 0 ? "" : "<\(random.below(8))>"
            bytes += Array("\(level)[\(padding)\(seconds).\(fraction)] printk Q =\r\n".utf8)
        }
        if random.below(12) == 0 {
            bytes += Array(Self.escapes[random.below(Self.escapes.count)].utf8)
        }
        if letter == 0x0A { bytes.append(0x0D) }
        bytes.append(letter)
    }

    func pieces(_ random: inout SeededRandom) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(1 + random.below(random.below(4) == 0 ? 3 : 60))
            pieces.append(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}
