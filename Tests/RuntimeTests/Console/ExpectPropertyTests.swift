import TestSupport
import Testing

@testable import QshRuntime

/// Seeded streams: a program's text with the kernel's lines and escape sequences pushed in at any
/// place, cut anywhere. What matches must be what a plain search of the program's text finds.
@Suite struct ExpectPropertyTests {
    static let prompt = "[rootfs ]# \u{1B}[6n"

    @Test func aPromptMatchesWhereverTheKernelCutsIt() throws {
        let prompt = Array(ExpectPropertyTests.prompt.utf8)
        for printk in ExpectPropertyTests.kernelLines {
            for place in 0...prompt.count {
                let stream =
                    Array("uname\r\nLinux\r\n".utf8) + prompt[..<place]
                    + Array(printk.utf8) + prompt[place...]
                for cuts in [[], Array(0..<stream.count), [14 + place, 16 + place, 20 + place]] {
                    let result = try run(stream, cuts, [.literal("[rootfs ]# ")])
                    #expect(result?.before == Array("uname\nLinux\n".utf8), "\(printk) at \(place)")
                    #expect(result?.match == Array("[rootfs ]# ".utf8), "\(printk) at \(place)")
                }
            }
        }
    }

    @Test func theKernelsLinesAreKeptApart() {
        var stream: [UInt8] = []
        for line in ExpectPropertyTests.kernelLines { stream += Array("ab\(line)cd\r\n".utf8) }

        let snapshot = StreamSnapshot(stream, cuts: Array(0..<stream.count))

        #expect(
            String(decoding: snapshot.text, as: UTF8.self)
                == String(repeating: "abcd\n", count: ExpectPropertyTests.kernelLines.count))
        #expect(
            snapshot.dmesg.map { String(decoding: $0.text, as: UTF8.self) } == [
                "random: crng init done", "x", "", "a [b] [  c", "colour", "caller", "long uptime",
                "with a level", "with both",
            ])
        #expect(snapshot.dmesg.map(\.level) == [nil, nil, nil, nil, nil, nil, nil, 6, 6])
        #expect(snapshot.kernel[7] == Array("[123456.000002] with a level\n".utf8))
        #expect(snapshot.dmesg[8].caller == "C0")
        #expect(snapshot.dmesg[5].caller == "T12")
        #expect(snapshot.dmesg[0].microseconds == 2_345_678)
    }

    /// An answer of each kind between two prompts, with the kernel at every place of it.
    @Test(arguments: [
        "plain\r\n", "\u{1B}[31mred\u{1B}[0m <a> \u{1B}[K\r\n", "nul \0 and \u{FF}\r\n",
        "ü€𝄞\r\n",
        "\u{1B}[?2004lpasted\u{1B}[?2004h\r\n", "\u{1B}c\u{1B}[2JSeaBIOS\r\n", "50%\r100%\r\n",
        "<6\r\n",
    ])
    func beforeHoldsTheProgramsBytesAlone(answer: String) throws {
        let prompt = Array(ExpectPropertyTests.prompt.utf8)
        var body = Array(answer.utf8)
        // Swift's strings have no lone 0xFF.
        if let place = body.firstIndex(of: 0xC3), body[place + 1] == 0xBF {
            body.replaceSubrange(place...(place + 1), with: [0xFF])
        }
        let expected = body.withoutEscapes
        for printk in ["[    2.345678] x\r\n", "<4>[    2.345678][    T1] x\r\n"] {
            for place in 0...body.count {
                let stream = Array(
                    [body[..<place], Array(printk.utf8)[...], body[place...], prompt[...]].joined())
                for cuts in [[], Array(0..<stream.count), [place + 2, place + 9]] {
                    let result = try run(stream, cuts, [.literal("[rootfs ]# ")])
                    #expect(result?.before == expected, "\(place)")
                }
            }
        }
    }

    /// Lines of the kernel's pushed into real consoles change nothing in the program's text.
    @Test(arguments: ["arm64-debian-clean-boot", "x86_64-debian-6.1.176-cloud-warn"])
    func linesPushedIntoRealConsolesAreTakenOutAgain(name: String) throws {
        let bytes = try Fixture.bytes("transcripts/\(name).txt")
        let plain = StreamSnapshot(bytes, cuts: [])
        var random = SeededRandom(seed: 7)
        for _ in 0..<40 {
            var pushed: [UInt8] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = rest.prefix(1 + random.below(600))
                pushed += part
                rest = rest.dropFirst(part.count)
                // Inside another line of the kernel's nobody can write.
                if !rest.isEmpty, ExpectPropertyTests.isBetweenLines(pushed) {
                    let clock = ExpectPropertyTests.lastStamp(pushed)
                    pushed += Array("<6>\(clock)pushed \(pushed.count)\r\n".utf8)
                }
            }
            let cuts = (0..<50).map { _ in random.below(pushed.count) }.sorted()
            let snapshot = StreamSnapshot(pushed, cuts: cuts)
            #expect(snapshot.text.text == plain.text.text, "\(name)")
        }
    }

    /// The stamp of the newest line, so that the kernel's clock does not jump.
    private static func lastStamp(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes.suffix(4000), as: Unicode.ASCII.self)
        return text.matches(of: #/\[ *\d+\.\d{6}\] /#).last.map { String($0.0) }
            ?? "[    0.000000] "
    }

    private static func isBetweenLines(_ bytes: [UInt8]) -> Bool {
        let line =
            bytes.suffix(400).split(
                separator: .lineFeed, omittingEmptySubsequences: false
            ).last ?? []
        return !line.contains(.bracket) && line.count < 400
    }

    @Test(arguments: 0..<20)
    func randomStreamsMatchAsTheirPlainTextDoes(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        for round in 0..<150 {
            let made = RandomStream(&random)
            let cuts = (0..<random.below(30)).map { _ in random.below(made.bytes.count + 1) }
            let result = try run(made.bytes, cuts.sorted(), made.patterns.map { try .literal($0) })
            let expected = made.expected
            #expect(
                result?.index == expected?.index && result?.before == expected?.before,
                "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: 0..<10)
    func luaPatternsMatchTheSameWhereverTheStreamIsCut(seed: Int) throws {
        let patterns = [
            "(%a+) (%d+)", "a.-b", "%d+", "[^\n]*\n", "b%s*a", "%b()", "%f[%d]%d+", "a*b",
        ]
        var random = SeededRandom(seed: UInt64(seed))
        for round in 0..<60 {
            let made = RandomStream(&random)
            let pattern = patterns[random.below(patterns.count)]
            let whole = try run(made.bytes, [], [.lua(pattern)])
            let cuts = (0..<random.below(30)).map { _ in random.below(made.bytes.count + 1) }
            let cut = try run(made.bytes, cuts.sorted(), [.lua(pattern)])
            let plain = try LuaPatternTests.find(made.text, Array(pattern.utf8))
            let name = "\(pattern), seed \(seed), round \(round)"
            #expect(whole?.match == cut?.match && whole?.captures == cut?.captures, "\(name)")
            #expect(cut?.match == plain.map { Array(made.text[$0.range]) }, "\(name)")
        }
    }

    static let kernelLines = [
        "[    2.345678] random: crng init done\r\n", "[    2.345678] x\r\n", "[    3.000000] \r\n",
        "[    3.000001] a [b] [  c\r\n", "[    3.000001] \u{1B}[31mcolour\u{1B}[0m\r\n",
        "[    4.000001][   T12] caller\r\n", "[123456.000001] long uptime\n",
        "<6>[123456.000002] with a level\r\n", "<30>[123456.000003][    C0] with both\r\n",
    ]

    /// Feeds a stream in pieces, asking after each; then takes its end.
    private func run(
        _ bytes: [UInt8], _ cuts: [Int], _ patterns: [ConsolePattern]
    ) throws -> ExpectResult? {
        let stream = ConsoleStream(ConsoleConfiguration())
        var expectation = Expectation(patterns, from: 0)
        var from = 0
        for cut in cuts + [bytes.count] where cut > from {
            bytes[from..<min(cut, bytes.count)].withUnsafeBytes { stream.feed($0) }
            from = min(cut, bytes.count)
            if case .matched(let result) = expectation.evaluate(stream, isFinal: false) {
                return result
            }
        }
        stream.finish()
        if case .matched(let result) = expectation.evaluate(stream, isFinal: true) { return result }
        return nil
    }
}

/// A program's text, and the same with everything pushed in that a console adds.
private struct RandomStream {
    var text: [UInt8] = []
    var bytes: [UInt8] = []
    var patterns: [[UInt8]] = []

    private static let letters = Array("ab (1)\nab[\u{1B}".utf8) + [0, 0xFF]
    private static let escapes = [
        "\u{1B}[6n", "\u{1B}[2J", "\u{1B}c", "\u{1B}[?7l", "\u{1B}]0;title\u{7}", "\u{1B}(B",
        "\u{1B}[?2004h", "\u{1B}]8;;x\u{1B}\\",
    ]

    init(_ random: inout SeededRandom) {
        var clock = 1_000_000
        for _ in 0..<(5 + random.below(120)) {
            let letter = RandomStream.letters[random.below(RandomStream.letters.count)]
            add(letter, &random, &clock)
        }
        for _ in 0...random.below(3) {
            let length = 1 + random.below(4)
            let start = random.below(max(1, text.count - length))
            var pattern = Array(text[start..<min(start + length, text.count)])
            if random.below(4) == 0 { pattern.append(UInt8(ascii: "Z")) }
            patterns.append(pattern)
        }
    }

    private mutating func add(
        _ letter: UInt8, _ random: inout SeededRandom, _ clock: inout Int
    ) {
        if random.below(12) == 0 {
            clock += random.below(500_000)
            let fraction = String(clock % 1_000_000 + 1_000_000).dropFirst()
            let seconds = String(clock / 1_000_000)
            let padding = String(repeating: " ", count: 5 - seconds.count)
            bytes += Array("[\(padding)\(seconds).\(fraction)] printk Q\r\n".utf8)
        }
        if random.below(12) == 0 {
            bytes += Array(RandomStream.escapes[random.below(RandomStream.escapes.count)].utf8)
        }
        // A bare ESC would begin a sequence: it is only ever part of a whole one.
        guard letter != 0x1B else { return }
        text.append(letter)
        if letter == 0x0A { bytes.append(0x0D) }
        bytes.append(letter)
    }

    /// What a plain search of the whole text finds.
    var expected: (index: Int, before: [UInt8])? {
        var best: (index: Int, start: Int)?
        for (index, pattern) in patterns.enumerated() {
            let places = 0..<max(0, text.count - pattern.count + 1)
            let start = places.first { text[$0...].starts(with: pattern) }
            if let start, start < best?.start ?? .max { best = (index, start) }
        }
        return best.map { ($0.index, Array(text[..<$0.start])) }
    }
}
