import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct TranscriptTests {
    init() { TestLoop.start() }

    @Test @LoopActor func keepsEveryByteAndItsTime() throws {
        let folder = FilePath("/tmp/qsh-test-log-\(UInt64.random(in: 0...UInt64.max))")
        mkdir(folder.string, 0o700)
        defer { removeFolder(folder) }
        let transcript = Transcript(folder: folder)
        let pieces: [[UInt8]] = [[0, 0xFF, 13, 10], Array(repeating: 65, count: 100_000), [66]]
        for piece in pieces { piece.withUnsafeBytes { transcript.append($0) } }
        transcript.close()

        #expect(try bytes(folder.appending("console.log")) == Array(pieces.joined()))
        let timing = String(
            decoding: try bytes(folder.appending("console.timing")), as: UTF8.self)
        let counts = timing.split(separator: "\n").map { $0.split(separator: " ") }
        #expect(counts.map { $0.count } == [2, 2, 2])
        #expect(counts.compactMap { $0.last } == ["4", "100000", "1"])
        #expect(counts.allSatisfy { Double($0[0]) != nil })
        #expect(transcript.finding == nil)
        #expect(transcript.count == 100_005)
    }

    @Test @LoopActor func theFilesAreThereSoonWithoutBeingAsked() async throws {
        let folder = FilePath("/tmp/qsh-test-log-\(UInt64.random(in: 0...UInt64.max))")
        mkdir(folder.string, 0o700)
        defer { removeFolder(folder) }
        let transcript = Transcript(folder: folder)
        Array("x".utf8).withUnsafeBytes { transcript.append($0) }
        let waited = Broadcast()
        _ = try await waited.wait(until: .after(.milliseconds(150))) { false }

        #expect(try bytes(folder.appending("console.log")) == [0x78])
    }

    @Test @LoopActor func theMemoryOfALongRunIsBounded() {
        let transcript = Transcript()
        let piece = Array(repeating: UInt8(ascii: "a"), count: 1000)
        for _ in 0..<1000 { piece.withUnsafeBytes { transcript.append($0) } }

        #expect(transcript.lastBytes(.max / 2).count <= 64 * 1024)
        #expect(transcript.count == 1_000_000)
    }

    @Test @LoopActor func aFolderThatIsNotThereIsAFinding() {
        let transcript = Transcript(folder: "/nonexistent")

        #expect(
            transcript.finding == "transcript `/nonexistent/console.log`: cannot write: "
                + "No such file or directory; the newest 16 KiB stay in memory")
    }

    private func bytes(_ path: FilePath) throws -> [UInt8] {
        try Fixture.bytes(path.string)
    }
}
