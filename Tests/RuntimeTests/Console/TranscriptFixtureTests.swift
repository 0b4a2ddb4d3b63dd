import FoundationEssentials
import TestSupport
import Testing

@testable import QshRuntime

/// Recorded consoles of ten architectures, held against what is known to be in them.
@Suite struct TranscriptFixtureTests {
    struct Expected: Codable, Equatable, CustomStringConvertible {
        var line: Int
        var kind: String
        var severity: String
        var detail: String

        var description: String { "\(line) \(kind) \(severity) \(detail)" }
    }

    static let expected: [String: [Expected]] = {
        guard let bytes = try? Fixture.bytes("transcripts/expected.json") else { return [:] }
        let decoded = try? JSONDecoder().decode([String: [Expected]].self, from: Data(bytes))
        return decoded ?? [:]
    }()

    @Test func everyTranscriptIsListed() {
        #expect(TranscriptFixtureTests.expected.count == 31)
    }

    @Test(arguments: TranscriptFixtureTests.expected.keys.sorted())
    func findsTheEventsOfARecordedConsole(name: String) throws {
        let found = ConsoleTriage.events(in: try Fixture.bytes("transcripts/\(name)")).map {
            Expected(
                line: $0.line, kind: $0.kind.rawValue, severity: $0.severity.rawValue,
                detail: $0.detail)
        }

        #expect(found == TranscriptFixtureTests.expected[name])
    }

    @Test(arguments: TranscriptFixtureTests.expected.keys.sorted())
    func noLineOfTheKernelIsLeftInTheText(name: String) throws {
        let text = StreamSnapshot(try Fixture.bytes("transcripts/\(name)"), cuts: []).text

        let stamped = text.split(separator: .lineFeed).filter { $0.contains(.bracket) }
            .map { String(decoding: $0, as: UTF8.self) }
            .filter { $0.contains("[  ") && $0.contains("] ") }
        #expect(stamped == [])
    }

    @Test(arguments: TranscriptFixtureTests.expected.keys.sorted())
    func aCutAtAnyPlaceChangesNothing(name: String) throws {
        let bytes = try Fixture.bytes("transcripts/\(name)")
        let whole = StreamSnapshot(bytes, cuts: [])
        var random = SeededRandom(seed: 1)
        // Each byte of the stream is the place of a cut in one of the runs.
        for offset in 0..<7 {
            let cuts = stride(from: offset, to: bytes.count, by: 7)
            #expect(StreamSnapshot(bytes, cuts: Array(cuts)) == whole, "every 7th, \(offset)")
        }
        for round in 0..<5 {
            let cuts = (0..<200).map { _ in random.below(bytes.count) }.sorted()
            #expect(StreamSnapshot(bytes, cuts: cuts) == whole, "seed 1, round \(round)")
        }
        #expect(StreamSnapshot(bytes, cuts: Array(0..<bytes.count)) == whole, "each byte alone")
    }
}

/// What a stream holds after all its bytes.
struct StreamSnapshot: Equatable {
    var text: [UInt8]
    var kernel: [[UInt8]]
    var positions: [Int]
    var events: [CrashEvent]
    var reports: [CrashReport]
    var dmesg: [KernelLine]

    init(_ bytes: [UInt8], cuts: [Int]) {
        let stream = ConsoleStream(ConsoleConfiguration())
        var events: [CrashEvent] = []
        stream.onEvent = { event, _ in events.append(event) }
        bytes.withUnsafeBytes { buffer in
            var from = 0
            for cut in cuts + [bytes.count] where cut > from {
                stream.feed(UnsafeRawBufferPointer(rebasing: buffer[from..<cut]))
                from = cut
            }
        }
        stream.finish()
        text = stream.window.bytes(0..<stream.window.end)
        kernel = stream.entries.map(\.bytes)
        positions = stream.entries.map(\.position)
        self.events = events
        reports = stream.watch.reports
        dmesg = stream.log.lines
    }
}
