import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct AtomicFileTests {
    private let tree: TestTree

    init() throws { tree = try TestTree() }

    @Test func replacesTheOldFileAndSetsTheMode() throws {
        let file = try tree.write("file", "old")

        try AtomicFile.write(Array("new".utf8), to: file, mode: 0o755)

        var status = stat()
        stat(file.string, &status)
        #expect(status.st_mode & 0o777 == 0o755)
        #expect(try readSmallFile(file, limit: 10) == Array("new".utf8))
        #expect(tree.names() == ["file"])
    }

    @Test func aFailureLeavesTheOldFileAlone() throws {
        try tree.write("folder/file", "old")

        #expect(throws: Errno.self) {
            try AtomicFile.write([1], to: tree.path.appending("folder"))
        }
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try AtomicFile.write([1], to: tree.path.appending("none").appending("file"))
        }

        #expect(tree.names() == ["folder"])
        #expect(tree.names("folder") == ["file"])
    }
}
