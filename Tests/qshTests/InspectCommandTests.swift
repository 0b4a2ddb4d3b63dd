import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct InspectCommandTests {
    private static let vectors = QshRun.repository.appending("Tests/Fixtures/vectors")

    private static let expected: [JSONValue] = {
        let bytes = try? HostFile.contents(
            of: vectors.appending("expected.json"), limit: 1 << 24)
        guard case .array(let list) = bytes.flatMap({ JSONValue(parsing: $0) }) else { return [] }
        return list
    }()

    /// Entries by path; where the oracle saw the clock of its boot, the time is not compared.
    private func entries(_ tree: JSONValue?, timesOf other: JSONValue?) -> [String: JSONValue] {
        guard case .array(let nodes) = tree, case .array(let others) = other else { return [:] }
        let timeless = others.filter { $0["mtime"] == .null }.compactMap { $0["path"]?.text }
        return Dictionary(
            nodes.map { node in
                guard case .object(var members) = node, let path = members["path"]?.text else {
                    return ("", node)
                }
                if timeless.contains(path) { members["mtime"] = .null }
                return (path, .object(members))
            }
        ) { $1 }
    }

    @Test func everyVectorIsWhatTheKernelMadeOfIt() async throws {
        #expect(Self.expected.count == 120)
        for vector in Self.expected {
            let file = try #require(vector["file"]?.text)
            let run = try await QshRun(
                "inspect", "--json", Self.vectors.appending(file).string
            ).finish()
            let printed = try #require(JSONValue(parsing: run.stdout.utf8), "\(file): \(run)")
            guard case .object(let members) = printed,
                case .array(let findings)? = printed["findings"]
            else {
                Issue.record("\(file): \(run.stdout)")
                continue
            }
            #expect(Set(members.keys) == ["segments", "tree", "findings"])
            #expect(
                entries(printed["tree"], timesOf: vector["tree"])
                    == entries(vector["tree"], timesOf: vector["tree"]), "\(file)")
            let hasErrors = findings.contains { $0["severity"]?.text == "error" }
            #expect(run.status == (hasErrors ? 1 : 0), "\(file)")
            #expect(run.stderr == "", "\(file)")
        }
    }

    @Test func theReportNamesWhatAnImageHolds() async throws {
        let folder = try ScratchFolder()
        var tree = InitramfsTree()
        try tree.addFile("init", text: "#!/bin/sh\n", mode: .program)
        try tree.addFile("bin/sh", bytes: FakeKernel.elf(machine: 62), mode: .program)
        try tree.addFile("lib/modules/6.1.0-test/kernel/fs/ext4.ko", text: "x")
        try tree.addFile("buildconfig", text: "MODULES=()\nHOOKS=(base udev autodetect)\n")
        let image = try folder.file(
            "x.img", tree.image(compression: InitramfsCompression("gzip")))
        let run = try await QshRun("inspect", image.string).finish()
        let lines = run.stdout.split(separator: "\n").map(String.init)
        #expect(run.status == 0)
        #expect(lines.first == "offset  length  unpacked  entries  codec")
        #expect(lines.dropFirst().first?.hasSuffix("10  gzip") == true, "\(lines)")
        #expect(
            lines.dropFirst(3) == [
                "files:    4, 563 bytes", "kernel:   6.1.0-test", "modules:  1: ext4",
                "init:     script for /bin/sh", "made by:  mkinitcpio",
                "hooks:    base udev autodetect",
            ])
        let list = try await QshRun("inspect", "--list", image.string).finish()
        #expect(
            list.stdout.split(separator: "\n").first
                == "drwxr-xr-x 1 0 0   0 1970-01-01 00:00 bin")
        #expect(list.stdout.contains("-rwxr-xr-x 1 0 0  10 1970-01-01 00:00 init\n"))
    }

    @Test func aKernelIsRecognised() async throws {
        let folder = try ScratchFolder()
        let file = try folder.file("bzImage", FakeKernel.bzImage())
        let run = try await QshRun("inspect", file.string).finish()
        #expect(run.status == 0)
        #expect(
            run.stdout
                == "format:   bzImage\narch:     x86_64\nkernel:   6.1.0-test-amd64\n"
                + "config:   not embedded\n")
    }

    /// Debian's arm64 kernels are an `Image` that gzip packed as a whole.
    @Test func aCompressedImageIsAKernelAndNoInitramfs() async throws {
        let folder = try ScratchFolder()
        var kernel = FakeKernel.with("ARM\u{64}", at: 0x38)
        kernel += Array("Linux version 6.1.0-test-arm64 (builder@host)\0".utf8)
        let plain = try folder.file("Image", kernel)
        try #require(try await QshRun.shell("gzip \(plain)").status == 0)
        let run = try await QshRun("inspect", "\(plain).gz").finish()
        #expect(
            run.stdout
                == "format:   Image.gz\narch:     arm64\nkernel:   6.1.0-test-arm64\n"
                + "config:   not embedded\n")
        #expect(run.status == 0)
    }

    @Test func aUnifiedKernelImageIsTakenApart() async throws {
        let folder = try TestTree()
        var tree = InitramfsTree()
        try tree.addFile("init", text: "#!/bin/sh\n", mode: .program)
        try tree.addFile("etc/qsh/hooks", text: "base udev\n")
        let system = "NAME=x\nPRETTY_NAME=\"A System 1\"\n"
        let image = try folder.write(
            "uki.efi",
            FakeKernel.efiProgram([
                (".osrel", Array(system.utf8)), (".cmdline", Array("root=/dev/vda quiet\n".utf8)),
                (".initrd", tree.image(compression: InitramfsCompression("gzip"))),
                (".linux", FakeKernel.bzImage()),
            ]))

        let run = try await QshRun("inspect", image.string).finish()
        let lines = run.stdout.split(separator: "\n").map(String.init)
        #expect(
            lines.prefix(6) == [
                "format:   bzImage in a unified kernel image", "system:   A System 1",
                "arch:     x86_64", "kernel:   6.1.0-test-amd64", "config:   not embedded",
                "append:   root=/dev/vda quiet",
            ])
        // Headers, then two sections of one block each.
        #expect(lines.contains { $0.hasPrefix("  2048 ") && $0.hasSuffix("  gzip") }, "\(lines)")
        #expect(lines.last == "hooks:    base udev")
        #expect(run.status == 0)

        let json = try await QshRun("inspect", "--json", image.string).finish()
        let printed = JSONValue(parsing: json.stdout.utf8)
        #expect(printed?["kernel"]?["append"]?.text == "root=/dev/vda quiet")
        #expect(json.stdout.contains(#""path":"etc/qsh/hooks""#))
        let extract = try await QshRun("extract", image.string, "init", "-C", "\(folder.path)/out")
            .finish()
        #expect(extract.status == 0)
        #expect(folder.names("out") == ["init"])
        let append = try await QshRun("append", image.string, "\(folder.path)/out").finish()
        #expect(
            append.stderr == """
                error: cannot append to `\(image)`: it is a unified kernel image
                  hint: append to the initramfs, then make the kernel image of it anew

                """)
        #expect(append.status == 2)
    }

    @Test func aUnifiedKernelImageThatIsCutIsNoCrash() async throws {
        let folder = try TestTree()
        let whole = FakeKernel.efiProgram([
            (".initrd", Array("junk".utf8)), (".linux", FakeKernel.bzImage()),
        ])
        for length in [10, 64, 130, 160, 200, 230, 1024, 1100, 1536, 3000] {
            let file = try folder.write("cut", Array(whole.prefix(length)))
            let run = try await QshRun("inspect", file.string).finish()
            #expect(run.status == 1, "\(length): \(run.stdout)\(run.stderr)")
        }
    }

    @Test func lintSaysWhatIsWrongAndEndsWithOne() async throws {
        let folder = try ScratchFolder()
        var tree = InitramfsTree()
        try tree.addFile("init", bytes: FakeKernel.elf(machine: 183), mode: .program)
        let image = try folder.file("x.img", tree.image())
        let foreign = try await QshRun("lint", image.string, "--arch", "x86_64").finish()
        #expect(foreign.status == 1)
        #expect(
            foreign.stdout == "error at 0: `/init` is for arm64, and the kernel for x86_64\n")
        let own = try await QshRun("lint", image.string, "--arch", "arm64").finish()
        #expect(own.status == 0)
        #expect(own.stderr == "qsh: `\(image)`: sound\n")
        let unknown = try await QshRun("lint", image.string, "--arch", "arm46").finish()
        #expect(unknown.status == 2)
        #expect(unknown.stderr.contains("hint: did you mean `arm64`?"))
    }

    @Test func badInputIsRefusedInWords() async throws {
        let missing = try await QshRun("inspect", "nowhere.img").finish()
        #expect(missing.status == 2)
        #expect(missing.stderr == "error: cannot read `nowhere.img`: No such file or directory\n")
        let option = try await QshRun("inspect", "--lsit", "nowhere.img").finish()
        #expect(option.status == 2)
        #expect(option.stderr.contains("did you mean"), "\(option.stderr)")
        let folder = try await QshRun("lint", "/").finish()
        #expect(folder.stderr == "error: cannot take `/` as a file: it is a directory\n")
    }
}
