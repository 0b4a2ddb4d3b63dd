import SystemPackage
import Testing

@testable import QshRuntime

@Suite struct InitramfsLintTests {
    private func lint(
        _ target: InitramfsLint.Target = .init(), _ body: (inout InitramfsTree) throws -> Void
    ) throws -> [String] {
        var tree = InitramfsTree()
        try body(&tree)
        let before = try InitramfsLint.lint(tree: tree, for: target).map(\.message)
        let after = try InitramfsLint.lint(InitramfsReader.read(bytes: tree.image()), for: target)
        #expect(after.map(\.message).filter { $0 != "the image holds no entries" } == before)
        return before
    }

    private let panic = "the kernel would panic with \"No working init found\""

    @Test func noInit() throws {
        let expected = "no `/init`: the kernel would panic with \"Unable to mount root fs\""
        #expect(try lint { _ in } == [expected])
        #expect(try lint { try $0.addSymlink("init", target: "sbin/init") } == [expected])
        let refusal = InitramfsLint.refusal(
            [InitramfsFinding(.error, at: 0, expected)], of: "x.img")
        #expect(refusal?.diagnostic.message == "initramfs `x.img`: " + expected)
    }

    @Test func initThatCannotRun() throws {
        #expect(
            try lint { try $0.addFile("init", text: "#!/bin/sh\n") }
                == ["`/init` is not executable, its mode is 0644: \(panic)"])
        #expect(
            try lint { try $0.addFile("init", text: "", mode: .program) }
                == ["`/init` is empty: \(panic)"])
        #expect(
            try lint { try $0.addFile("init", text: "echo hi\n", mode: .program) }
                == ["`/init` is neither an ELF program nor a script with `#!`: \(panic)"])
        #expect(
            try lint { try $0.addDirectory("init") }
                == ["`/init` is a directory, not a program: \(panic)"])
        #expect(
            try lint { try $0.addFile("init", text: "#! /bin/ash -e\n", mode: .program) }
                == [
                    "`/init` needs the interpreter `/bin/ash`, which is not in the initramfs: "
                        + panic
                ])
        #expect(
            try lint { try $0.addFile("init", text: "#!/init\n", mode: .program) }
                == ["`/init` is an interpreter of itself"])
        #expect(
            try lint { try $0.addFile("init", text: "#!/bin/sh\r\n", mode: .program) }
                == [
                    "`/init` has DOS line ends: the kernel looks for the interpreter `/bin/sh\\x0d`"
                ])
    }

    @Test func wrongArchitecture() throws {
        var elf = [UInt8](repeating: 0, count: 64)
        elf.replaceSubrange(0..<7, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
        elf[18] = 183
        var target = InitramfsLint.Target()
        target.machine = 62
        #expect(
            try lint(target) { try $0.addFile("init", bytes: elf, mode: .program) }
                == ["`/init` is for arm64, and the kernel for x86_64"])
        target.machine = 183
        #expect(try lint(target) { try $0.addFile("init", bytes: elf, mode: .program) } == [])
    }

    @Test func codecThatTheKernelLacks() throws {
        var target = InitramfsLint.Target()
        target.builtIn = ["CONFIG_RD_ZSTD"]
        let image = try InitramfsReader.read(Vectors.folder.appending("101-gz.bin"))
        #expect(
            InitramfsLint.lint(image, for: target).map(\.message).first
                == "the kernel lacks `CONFIG_RD_GZIP`: it cannot unpack this gzip segment")
    }

    /// What the kernel loses silently or words misleadingly, in qsh's words.
    @Test(arguments: [
        (
            "013-missing-parent.bin", 0,
            "`nodir/f` is lost: the directory that holds it does not exist at this point"
        ),
        (
            "067-dir-with-body.bin", 0,
            "an entry that is no file has 4 bytes of data: the kernel does not create it"
        ),
        ("113-gz-truncated.bin", 0, "the kernel stops here: read error"),
        (
            "125-xz-crc64.bin", 0,
            "the xz stream uses check CRC64, which the kernel refuses: "
                + "compress with `xz --check=crc32`"
        ),
        ("173-acpi-badsum.bin", -1, ""),
    ])
    func silentLossesAreFound(file: String, offset: Int, expected: String) throws {
        let image = try InitramfsReader.read(Vectors.folder.appending(file))
        let found = image.findings.filter { $0.severity == .error }
        guard offset >= 0 else {
            #expect(found == [])
            return
        }
        #expect(found.contains { $0.message == expected && $0.offset == offset }, "\(found)")
    }

    @Test func footerlessGzipHangsAndIsRefused() throws {
        var bytes = try Vectors.bytes("101-gz.bin")
        bytes.removeLast(3)
        let messages = try InitramfsReader.read(bytes: bytes).findings.map(\.message)
        #expect(
            messages.first == "the gzip footer is cut short: the kernel would read past the "
                + "end of the image and hang at boot")
    }

    @Test func cutImageIsAnError() throws {
        var bytes = try Vectors.bytes("001-all-types.bin")
        bytes.removeLast(300)
        #expect(
            try InitramfsReader.read(bytes: bytes).findings.contains {
                $0.severity == .error && $0.message.hasPrefix("the image is cut short: this entry ")
            })
    }

    /// Two archives whose files are numbered alike, the first without its trailer.
    @Test func clashingInodesAreFound() throws {
        func archive(_ names: [String], _ text: String) throws -> [UInt8] {
            var tree = InitramfsTree()
            for name in names {
                var entry = try InitramfsEntry(
                    path: InitramfsPath(name), kind: .file(.bytes(Array(text.utf8))))
                entry.linkGroup = 1
                try tree.add(entry)
            }
            return try tree.image()
        }
        let first = try archive(["a", "b"], "one")
        let second = try archive(["c", "d"], "two")
        let trailer = try #require(
            first.indices.first { first[$0...].starts(with: InitramfsPath.trailer) })
        let glued = Array(first[..<(trailer - CpioHeader.size)]) + second

        let findings = try InitramfsReader.read(bytes: glued).findings
        #expect(findings.map(\.severity) == [.error, .error])
        #expect(
            findings.map(\.message) == [
                "the files of one inode number are merged, `c` among them: there are more than its "
                    + "link count says, as where two archives are joined without a trailer",
                "`d` overwrites `a`: they share an inode number and no trailer is between them",
            ])
        #expect(try InitramfsReader.read(bytes: first + second).findings == [])
    }
}
