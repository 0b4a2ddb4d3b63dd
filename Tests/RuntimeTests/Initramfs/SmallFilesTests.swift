import Glibc
import SystemPackage
import Testing

@testable import QshRuntime

/// Files that are read ahead of the writer, in batches and on two threads.
@Suite struct SmallFilesTests {
    /// Round the limits of one read, and of a batch's room.
    private static let sizes = [0, 1, 3, 4, 1500, 9000, 16383, 16384, 16385, 40000]

    @Test(arguments: [1, 255, 256, 257, 1300])
    func imageIsThatOfTheSameBytesHeldInMemory(count: Int) throws {
        let folder = try TestFolder()
        var fromHost = InitramfsTree()
        var fromMemory = InitramfsTree()
        for number in 0..<count {
            let size = Self.sizes[(number * 7 + number / 100) % Self.sizes.count]
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }
            let file = try folder.write("\(number)", bytes)
            // Every fifth is too new to be read with one look.
            if number % 5 != 0 {
                var times = [timeval(tv_sec: 1000, tv_usec: 0), timeval(tv_sec: 1000, tv_usec: 0)]
                #expect(utimes(file.string, &times) == 0)
            }
            try fromHost.addFile("d\(number % 9)/\(number)", from: file, mode: .file)
            try fromMemory.addFile("d\(number % 9)/\(number)", bytes: bytes, mode: .file)
        }
        #expect(try fromHost.image() == fromMemory.image())
    }

    @Test func fileThatVanishedIsNamed() throws {
        let folder = try TestFolder()
        var tree = InitramfsTree()
        for number in 0..<600 {
            try tree.addFile("\(number)", from: folder.write("\(number)", [1]), mode: .file)
        }
        let gone = folder.path.appending("300")
        #expect(unlink(gone.string) == 0)
        #expect(
            throws: InitramfsError.hostFileUnreadable(gone, reason: "No such file or directory")
        ) { try tree.image() }
    }
}
