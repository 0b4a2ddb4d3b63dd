import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct FileDraftTests {
    private let tree: TestTree
    private var file: FilePath { tree.path.appending("file") }

    init() throws { tree = try TestTree() }

    /// Where it has a name, a killed process leaves it behind.
    @Test func hasNoNameWhileItGrows() throws {
        let draft = try FileDraft(for: file)
        try draft.write([1, 2])
        #expect(tree.names() == [])

        try draft.commit()

        #expect(tree.names() == ["file"])
        #expect(try readSmallFile(file, limit: 10) == [1, 2])
    }

    @Test func theOldFileStaysUntilTheNewOneIsComplete() throws {
        try tree.write("file", "old", mode: 0o600)
        let draft = try FileDraft(for: file, mode: 0o640)
        try draft.write(Array("new".utf8))
        #expect(try readSmallFile(file, limit: 10) == Array("old".utf8))

        try draft.commit()

        #expect(tree.names() == ["file"])
        #expect(try readSmallFile(file, limit: 10) == Array("new".utf8))
        var status = stat()
        stat(file.string, &status)
        #expect(status.st_mode & 0o777 == 0o640 & ~0o022)
    }

    @Test func anotherProgramGetsANameThatGoesWithTheDraft() throws {
        var draft: FileDraft? = try FileDraft(for: file, writer: .anotherProgram)
        let name = try #require(draft?.path.lastComponent?.string)
        #expect(tree.names() == [name])

        draft = nil

        #expect(tree.names() == [])
    }

    @Test func aNameThatCannotBeReplacedLeavesNothing() throws {
        try tree.write("file/inner", "old")
        var draft: FileDraft? = try FileDraft(for: file)
        #expect(throws: HostFileError.self) { try draft?.commit() }

        draft = nil

        #expect(tree.names() == ["file"])
        #expect(tree.names("file") == ["inner"])
    }
}
