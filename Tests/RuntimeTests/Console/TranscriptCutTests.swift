import Glibc
import TestSupport
import Testing

@testable import QshRuntime

/// Parts of every recorded console, cut at each of their bytes in turn, and with a line of the
/// kernel's at each place where one can come.
@Suite struct TranscriptCutTests {
    private static let parts = 2
    private static let size = 600
    /// `QSH_WHOLE_TRANSCRIPTS=1` for the long run over every byte of every console.
    private static let isWhole = getenv("QSH_WHOLE_TRANSCRIPTS") != nil

    /// Whole lines from a seeded place on; the last part is the console's end.
    private func parts(of name: String) throws -> [[UInt8]] {
        let bytes = try Fixture.bytes("transcripts/\(name)")
        var random = SeededRandom(seed: UInt64(bytes.count))
        if Self.isWhole { return wholeLines(of: bytes) }
        let starts =
            (1..<Self.parts).map { _ in random.below(bytes.count - Self.size) }
            + [bytes.count - Self.size]
        return starts.map { start in
            let line = bytes[start...].firstIndex(of: .lineFeed).map { $0 + 1 } ?? start
            return Array(bytes[line...].prefix(Self.size))
        }
    }

    /// All of it, each line in one part.
    private func wholeLines(of bytes: [UInt8]) -> [[UInt8]] {
        var parts: [[UInt8]] = [[]]
        for line in bytes.split(separator: .lineFeed, omittingEmptySubsequences: false) {
            if parts[parts.count - 1].count > Self.size { parts.append([]) }
            parts[parts.count - 1] += Array(line) + [.lineFeed]
        }
        return parts
    }

    @Test(arguments: TranscriptFixtureTests.expected.keys.sorted())
    func oneCutAtEachByteChangesNothing(name: String) throws {
        for part in try parts(of: name) {
            let whole = StreamSnapshot(part, cuts: [])
            let differing = part.indices.filter { StreamSnapshot(part, cuts: [$0]) != whole }
            #expect(differing == [], "\(name)")
        }
    }

    @Test(arguments: TranscriptFixtureTests.expected.keys.sorted())
    func aLineOfTheKernelAtEachPlaceIsTakenOutAgain(name: String) throws {
        var places = 0
        for part in try parts(of: name) {
            let whole = StreamSnapshot(part, cuts: [])
            var stamp: [UInt8]?
            var line: [UInt8] = []
            for place in part.indices {
                // Inside a line of the kernel's nobody can write.
                if let stamp, !line.contains(.bracket), !line.contains(0x1B) {
                    let pushed = Array("<6>".utf8) + stamp + Array("pushed at \(place)\r\n".utf8)
                    let stream = Array(part[..<place]) + pushed + Array(part[place...])
                    let found = StreamSnapshot(stream, cuts: [place, place + 5])
                    #expect(found.text == whole.text, "\(name) at \(place)")
                    #expect(found.dmesg.count == whole.dmesg.count + 1, "\(name) at \(place)")
                    places += 1
                }
                line.append(part[place])
                guard part[place] == .lineFeed else { continue }
                // The kernel's clock must not jump.
                if line.first == .bracket, let end = line.firstIndex(of: UInt8(ascii: "]")) {
                    stamp = Array(line[...end]) + [0x20]
                }
                line = []
            }
        }
        #expect(places > 10)
    }
}
