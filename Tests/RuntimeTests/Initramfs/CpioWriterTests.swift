import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct CpioWriterTests {
    private func sample() throws -> InitramfsTree {
        var tree = InitramfsTree()
        try tree.addFile("/etc/motd", text: "hi\n")
        try tree.addSymlink("/sbin", target: "bin")
        try tree.addDirectory("/bin", mode: FileMode(parsing: "0700"))
        try tree.addNode("/dev/console", .characterDevice(major: 5, minor: 1))
        return tree
    }

    @Test func writesTheBytesOfTheFormat() throws {
        var tree = InitramfsTree()
        try tree.addFile("a", bytes: Array("xyz".utf8), mode: FileMode(0o755), uid: 10, gid: 255)
        let head =
            "07070100000001000081ED0000000A000000FF00000001000000000000000300000000"
            + "00000000000000000000000000000002" + "00000000a\0xyz\0"
        let trailer =
            "0707010000000000000000000000000000000000000001000000000000000000000000"
            + "0000000000000000000000000000000B00000000TRAILER!!!\0\0\0\0"
        var expected = Array((head + trailer).utf8)
        expected += [UInt8](repeating: 0, count: 512 - expected.count)
        #expect(try tree.image() == expected)
    }

    @Test func sortsParentsFirstAndMakesThem() throws {
        let image = try InitramfsReader.read(bytes: sample().image())
        #expect(image.findings == [])
        #expect(
            image.tree.map { printable($0.path) }
                == ["bin", "dev", "dev/console", "etc", "etc/motd", "sbin"])
        #expect(image.node("bin")?.mode == 0o700)
        #expect(image.node("etc")?.mode == 0o755)
        #expect(image.node("dev/console")?.major == 5)
        #expect(image.segments.map(\.entries) == [6])
    }

    @Test func orderOfAddingDoesNotMatter() throws {
        var other = InitramfsTree()
        try other.addNode("dev//console", .characterDevice(major: 5, minor: 1))
        try other.addSymlink("sbin", target: "bin")
        try other.addDirectory("bin/", mode: FileMode(0o700))
        try other.addFile("./etc/motd", text: "hi\n")
        #expect(try other.image() == sample().image())
    }

    @Test func takesTheTimeItIsTold() throws {
        let bytes = try sample().image(CpioConfiguration(modificationTime: 1_700_000_000))
        let image = try InitramfsReader.read(bytes: bytes)
        #expect(image.tree.allSatisfy { $0.modificationTime == 1_700_000_000 })
    }

    @Test func fileMemoryAndBytesAreTheSame() async throws {
        let folder = try TestFolder()
        var tree = try sample()
        // Larger than one read, and not a multiple of anything.
        let big = try folder.write("big", (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0) })
        try tree.addFile("big", from: big)
        let path = folder.path.appending("out.cpio")
        try await tree.write(to: path, CpioConfiguration())
        let bytes = try tree.image()
        #expect(try HostFile.contents(of: path, limit: 1 << 24) == bytes)
        let memory = try await tree.writeToMemoryFile(CpioConfiguration())
        defer { close(memory) }
        let link = FilePath("/proc/self/fd/\(memory)")
        #expect(try HostFile.contents(of: link, limit: 1 << 24) == bytes)
        #expect(try HostFile.names(in: folder.path).count == 2)
    }

    @Test func hostTreesKeepTypesModesAndHardLinks() throws {
        let folder = try TestFolder()
        _ = try folder.write("one", Array("data".utf8))
        try run(
            "sh", "-c",
            """
            cd \(folder.path) && ln one two && mkdir d && ln -s ../one d/l && mkfifo d/p &&
            chmod 4711 one && printf x > 'd/na me'
            """)
        var tree = InitramfsTree()
        try tree.addTree("/opt", from: folder.path)
        let image = try InitramfsReader.read(bytes: tree.image())
        #expect(image.findings == [])
        #expect(
            image.tree.map { "\(printable($0.path)) \($0.type) \($0.links) \($0.size)" } == [
                "opt directory 1 0", "opt/d directory 1 0", "opt/d/l symlink 1 0",
                "opt/d/na me file 1 1", "opt/d/p fifo 1 0", "opt/one file 2 4", "opt/two file 2 4",
            ])
        #expect(image.node("opt/two")?.mode == 0o4711)
    }

    @Test(arguments: 1...UInt64(20))
    func whatIsWrittenIsRead(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let tree = try RandomTree.make(&random)
        let bytes = try tree.image()
        let image = try InitramfsReader.read(bytes: bytes)
        #expect(image.findings == [], "seed \(seed)")
        let written = tree.entries
        #expect(image.tree.map(\.path) == written.map(\.path.bytes), "seed \(seed)")
        for (node, entry) in zip(image.tree, written) {
            #expect(node.mode == entry.mode.bits && node.uid == entry.uid, "seed \(seed)")
            switch entry.kind {
            case .file(.bytes(let content)): #expect(node.size == UInt64(content.count))
            case .symlink(let target): #expect(node.target == target)
            case .blockDevice(let major, let minor):
                #expect(node.major == major && node.minor == minor)
            default: break
            }
        }
        #expect(try tree.image() == bytes, "seed \(seed)")
    }

    @Test(arguments: [["cpio", "-it", "--quiet"], ["busybox", "cpio", "-t"]])
    func otherToolsListTheSame(tool: [String]) async throws {
        let folder = try TestFolder()
        var random = SeededRandom(seed: 7)
        let tree = try RandomTree.make(&random)
        let path = folder.path.appending("out.cpio")
        try await tree.write(to: path)
        let command = tool.joined(separator: " ") + " < \(path)"
        // A tool that is not installed has nothing to compare with.
        guard
            let listing = try run(
                "sh", "-c",
                "command -v \(tool[0]) >/dev/null || exit 127; "
                    + command)
        else { return }
        let names = listing.split(separator: "\n").map(String.init)
        #expect(names == tree.entries.map { printable($0.path.bytes) })
    }
}

enum RandomTree {
    static func make(_ random: inout SeededRandom) throws -> InitramfsTree {
        var tree = InitramfsTree()
        var directories = [""]
        for number in 0..<Int.random(in: 1...60, using: &random) {
            let directory = directories.randomElement(using: &random) ?? ""
            let path = try InitramfsPath(
                "\(directory)/\(String("abcdefgh".shuffled(using: &random).prefix(3)))\(number)")
            let size = Int.random(in: 0...3000, using: &random)
            let kinds: [InitramfsEntry.Kind] = [
                .directory,
                .file(.bytes((0..<size).map { _ in .random(in: 0...255, using: &random) })),
                .symlink(target: Array("../t\(number)".utf8)), .fifo, .socket,
                .blockDevice(major: 4095, minor: UInt32.random(in: 0..<1 << 20, using: &random)),
            ]
            let kind = kinds.randomElement(using: &random) ?? .directory
            let mode = FileMode(UInt16.random(in: 0...0o7777, using: &random))
            try tree.add(
                InitramfsEntry(
                    path: path, kind: kind, mode: kind.name == "a symlink" ? nil : mode,
                    uid: UInt32.random(in: 0...100_000, using: &random)))
            if kind == .directory { directories.append(printable(path.bytes)) }
        }
        return tree
    }
}
