import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// `qsh extract`, `qsh diff` and `qsh append`.
@Suite struct ImageCommandTests {
    private let folder: TestTree

    init() throws { folder = try TestTree() }

    private func path(_ name: String) -> String { folder.path.appending(name).string }

    @discardableResult
    private func image(
        _ name: String, codec: String = "none", _ body: (inout InitramfsTree) throws -> Void
    ) throws -> String {
        var tree = InitramfsTree()
        try body(&tree)
        return try folder.write(
            name, tree.image(compression: InitramfsCompression(codec))
        ).string
    }

    private func base(_ codec: String = "none") throws -> String {
        try image("base.img", codec: codec) {
            try $0.addFile("init", text: "#!/init\n", mode: .program)
            try $0.addFile("usr/lib/old", text: "old")
            try $0.addSymlink("lib", target: "usr/lib")
        }
    }

    private func text(_ name: String) -> String? {
        (try? readSmallFile(folder.path.appending(name), limit: 1 << 16)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test func extractWritesTheTree() async throws {
        let file = try base("gzip")
        let run = try await QshRun("extract", file, "-C", path("out")).finish()
        #expect(run.status == 0)
        #expect(run.stderr == "")
        #expect(folder.names("out") == ["init", "lib", "usr"])
        #expect(text("out/lib/old") == "old")
        var status = stat()
        lstat(path("out/init"), &status)
        #expect(status.st_mode & 0o7777 == 0o755)
        #expect(status.st_mtim.tv_sec == 0)
    }

    /// More levels than folders are kept open.
    @Test func extractGoesDeepAndBack() async throws {
        let deep = (0..<200).map { "\($0 % 7)" }.joined(separator: "/")
        let file = try image("deep.img") {
            try $0.addFile(deep + "/f", text: "deep")
            try $0.addFile("0/1/2/g", text: "flat")
            try $0.addFile("z/h", text: "side")
        }
        let run = try await QshRun("extract", file, "-C", path("out")).finish()
        #expect(run.stderr == "")
        #expect(run.status == 0)
        #expect(text("out/" + deep + "/f") == "deep")
        #expect(text("out/0/1/2/g") == "flat")
        #expect(text("out/z/h") == "side")
    }

    /// The last link's data is cut: what the first one brought stays behind the cut.
    @Test func extractWritesALinkOverItsFirstData() async throws {
        let vector = "Tests/Fixtures/vectors/damaged/33-hl-cut-second.bin"
        let run = try await QshRun(
            "extract", QshRun.repository.appending(vector).string, "-C", path("out")
        ).finish()
        #expect(run.status == 1)
        let bytes = try readSmallFile(folder.path.appending("out/a"), limit: 1 << 10)
        #expect(bytes.count == 50)
        var digest = MD5()
        bytes.withUnsafeBytes { digest.update($0) }
        #expect(digest.finish().prefix(4).elementsEqual([0x9e, 0x79, 0xf8, 0xbe]))
    }

    @Test func extractTakesPathsThroughSymlinks() async throws {
        let file = try base()
        let run = try await QshRun("extract", file, "/lib/o*", "lib/old", "-C", path("out"))
            .finish()
        #expect(run.status == 2)
        #expect(run.stderr == "error: image `\(file)` has no `/lib/o*`\n")
        let good = try await QshRun("extract", file, "lib/old", "-C", path("out")).finish()
        #expect(good.status == 0)
        #expect(folder.names("out") == ["lib", "usr"])
        #expect(text("out/lib/old") == "old")
    }

    @Test func extractTakesNamesAsTheListShowsThem() async throws {
        let file = try image("x.img") { try $0.addFile("a\nb", text: "odd") }
        let run = try await QshRun("extract", file, "a\\x0ab", "-C", path("out")).finish()
        #expect(run.status == 0, "\(run.stderr)")
        #expect(text("out/a\nb") == "odd")
    }

    @Test func aMissingPathNamesTheNearest() async throws {
        let file = try base()
        let run = try await QshRun("extract", file, "inti", "-C", path("out")).finish()
        #expect(run.status == 2)
        #expect(
            run.stderr == "error: image `\(file)` has no `inti`\n  hint: did you mean `init`?\n")
    }

    /// Whatever the archives of the vectors say, nothing appears beside the folder.
    @Test func extractNeverLeavesItsFolder() async throws {
        let vectors = QshRun.repository.appending("Tests/Fixtures/vectors")
        for name in FileTree.names(in: vectors) where name.hasSuffix(".bin") {
            // A file of 4 GiB, all holes, which not every file system has.
            if name.hasPrefix("085") { continue }
            let run = try await QshRun(
                "extract", vectors.appending(name).string, "-C", path("in/side")
            ).finish()
            #expect(run.status == 0 || run.status == 1, "\(name): \(run.stderr)")
            #expect(folder.names() == ["in"], "\(name)")
            #expect(folder.names("in") == ["side"], "\(name)")
            FileTree.remove(folder.path.appending("in"))
        }
    }

    @Test func aSymlinkThatWaitsInTheFolderIsNotFollowed() async throws {
        let file = try image("x.img") {
            try $0.addFile("etc/passwd", text: "evil")
            try $0.addFile("note", text: "new")
        }
        mkdir(path("out"), 0o755)
        mkdir(path("outside"), 0o755)
        symlink(path("outside"), path("out/etc"))
        symlink(path("victim"), path("out/note"))
        let run = try await QshRun("extract", file, "-C", path("out")).finish()
        #expect(folder.names("outside") == [])
        #expect(text("victim") == nil)
        #expect(text("out/note") == "new")
        #expect(
            run.stderr.contains("qsh: `etc` is not extracted: Not a directory\n"), "\(run.stderr)")
        #expect(run.status == 1)
    }

    @Test(
        .enabled(
            if: geteuid() == 0 && Command.locate("setpriv") != nil,
            "needs root and setpriv, to take a capability away"))
    func devicesThatMayNotBeMadeAreReported() async throws {
        let file = try image("x.img") {
            try $0.addNode("dev/console", .characterDevice(major: 5, minor: 1))
            try $0.addFile("a", text: "a")
        }
        let run = try await QshRun.shell(
            "setpriv --bounding-set -mknod --inh-caps -mknod \"$QSH\" extract \(file) "
                + "-C \(path("out"))")
        #expect(run.status == 0)
        #expect(
            run.stderr
                == "qsh: `dev/console` is not extracted: making a character device 5:1 needs root\n"
        )
        #expect(text("out/a") == "a")
    }

    @Test func diffNamesDamage() async throws {
        let file = try base()
        let bytes = try readSmallFile(folder.path.appending("base.img"), limit: 1 << 16)
        let other = try folder.write("junk.img", bytes + Array("junk".utf8)).string
        let run = try await QshRun("diff", file, other).finish()
        #expect(run.status == 1)
        #expect(run.stdout == "")
        #expect(
            run.stderr.hasPrefix(
                "qsh: `\(other)`: error at \(bytes.count): the kernel finds junk here: "),
            "\(run.stderr)")
        let same = try await QshRun("diff", other, other).finish()
        #expect(same.status == 0)
        let kernel = try folder.write("vmlinuz", FakeKernel.bzImage()).string
        let refused = try await QshRun("diff", kernel, kernel).finish()
        #expect(refused.status == 2)
        #expect(
            refused.stderr
                == "error: cannot compare `\(kernel)`: it is a kernel, expected an initramfs\n")
    }

    @Test func diffNamesChangesBySize() async throws {
        let first = try image("a.img") {
            try $0.addFile("same", text: "same")
            try $0.addFile("gone", text: "12345")
            try $0.addFile("mode", text: "")
        }
        let second = try image("b.img", codec: "xz") {
            try $0.addFile("same", text: "same")
            try $0.addFile("new", bytes: [UInt8](repeating: 1, count: 100))
            try $0.addFile("mode", text: "", mode: .program)
        }
        let run = try await QshRun("diff", first, second).finish()
        #expect(run.status == 1)
        #expect(
            run.stdout == """
                added    +100  new
                removed    -5  gone
                changed     0  mode (mode)
                1 added, 1 removed, 1 changed, +95 bytes

                """)
        let json = try await QshRun("diff", "--json", first, second).finish()
        #expect(json.status == 1)
        let printed = try #require(JSONValue(parsing: json.stdout.utf8))
        #expect(printed["bytes"] == ["before": .integer(9), "after": .integer(104)])
        let same = try await QshRun("diff", first, first).finish()
        #expect(same.status == 0)
        #expect(same.stdout == "")
    }

    @Test(arguments: ["none", "gzip", "zstd", "xz", "lz4", "bzip2", "lzma", "lzo"])
    func appendGoesThroughSymlinksBehindEveryCodec(_ codec: String) async throws {
        let file = try base(codec)
        try folder.write("over/lib/modules/m.ko", "module")
        try folder.write("over/etc/new", "new")
        let run = try await QshRun("append", file, path("over"), path("over/etc/new")).finish()
        #expect(run.status == 0, "\(run.stderr)")
        let image = try InitramfsReader.read(FilePath(file))
        #expect(image.findings == [])
        #expect(
            image.tree.map { printable($0.path) } == [
                "etc", "etc/new", "init", "lib", "new", "usr", "usr/lib", "usr/lib/modules",
                "usr/lib/modules/m.ko", "usr/lib/old",
            ])
        #expect(image.node("lib")?.type == .symlink)
    }

    @Test func appendTakesALevel() async throws {
        let file = try base()
        let note = try folder.write("note", [1]).string
        let run = try await QshRun("append", file, note, "--compress", "zstd:19").finish()
        #expect(run.status == 0, "\(run.stderr)")
        let bad = try await QshRun("append", file, note, "--compress", "zstd:99").finish()
        #expect(bad.status == 2)
        #expect(bad.stderr == "error: compression level of `zstd` expects 1 to 19, got 99\n")
    }

    @Test func appendKeepsModeAndBootConfiguration() async throws {
        var bytes = try HostFile.contents(of: FilePath(base()), limit: 1 << 20)
        let data = Array("kernel.x = 1\n\0\0\0".utf8)
        bytes += data + [16, 0, 0, 0] + [0, 0, 0, 0] + Array("#BOOTCONFIG\n".utf8)
        let file = try folder.write("boot.img", bytes, mode: 0o600).string
        try folder.write("over/new", "new")
        let run = try await QshRun("append", file, path("over")).finish()
        #expect(run.status == 0, "\(run.stderr)")
        let image = try InitramfsReader.read(FilePath(file))
        #expect(image.segments.last?.codec == .bootconfig)
        #expect(image.node("new") != nil)
        #expect(image.findings == [])
        var status = stat()
        stat(file, &status)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func aSecretThatIsAddedKeepsTheImageForItsOwner() async throws {
        let file = try base()
        chmod(file, 0o644)
        try folder.write("over/key", "secret", mode: 0o640)
        let run = try await QshRun("append", file, path("over")).finish()
        #expect(run.status == 0, "\(run.stderr)")
        var status = stat()
        stat(file, &status)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func appendRefusesWhatTheKernelWouldNotReach() async throws {
        let file = try folder.write("junk.img", [UInt8](base().utf8) + [7, 7]).string
        try folder.write("over/new", "new")
        let before = text("junk.img")
        let run = try await QshRun("append", file, path("over")).finish()
        #expect(run.status == 2)
        #expect(
            run.stderr.hasPrefix(
                "error: cannot append to `\(file)`: the kernel would not get there, as it stops "
                    + "before: "), "\(run.stderr)")
        #expect(text("junk.img") == before)
        let clash = try await QshRun("append", base(), path("over/new=/usr")).finish()
        #expect(clash.status == 2)
        #expect(
            clash.stderr
                == "error: cannot add `/usr` as a file: it is a directory that is not empty "
                + "already\n"
                + "  hint: remove the first one, or use another path\n")
    }

    /// All that is reached through it would be gone.
    @Test func appendKeepsASymlinkToADirectory() async throws {
        let file = try base()
        let note = try folder.write("note", "n").string
        let run = try await QshRun("append", file, "\(note)=lib").finish()
        #expect(run.status == 2)
        #expect(
            run.stderr
                == "error: cannot add `/lib` as a file: it is a symlink to a directory already\n"
                + "  hint: remove the first one, or use another path\n")
    }

    @Test func theFullDiskLeavesNoImage() async throws {
        let file = try base()
        try folder.write("over/new", "new")
        let run = try await QshRun("append", file, path("over"), "-o", "/dev/full").finish()
        #expect(run.status == 2)
        #expect(
            run.stderr.hasPrefix("error: cannot write `/dev/full`: no space left on the device"))
    }
}
