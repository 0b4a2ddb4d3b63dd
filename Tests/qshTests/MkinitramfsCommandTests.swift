import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct MkinitramfsCommandTests {
    private let folder: TestTree

    init() throws {
        TestLoop.start()
        folder = try TestTree()
    }

    private func qsh(_ words: String...) async throws -> QshRun.Outcome {
        try await QshRun(words).with { $0.folder = folder.path }.finish()
    }

    private func mode(_ name: String) -> mode_t {
        var status = stat()
        return stat("\(folder.path)/\(name)", &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test func theSameInputGivesTheSameBytesAndASoundImage() async throws {
        for name in ["a.img", "b.img"] {
            let run = try await qsh("mkinitramfs", "-g", name)
            #expect(run.status == 0, "\(run.stderr)")
            #expect(run.stdout.hasPrefix("`\(name)`: kernel "))
            #expect(run.stdout.contains("  by hook\n"))
            #expect(run.stdout.contains("  by reason\n"))
        }
        let bytes = try ["a.img", "b.img"].map {
            try readSmallFile(folder.path.appending($0), limit: 64 << 20)
        }
        #expect(bytes[0] == bytes[1])
        #expect(mode("a.img") & 0o077 != 0, "no secret is in it")
        let lint = try await qsh("lint", "a.img")
        #expect(lint.status == 0, "\(lint.stdout)")
        let inspect = try await qsh("inspect", "a.img")
        #expect(inspect.stdout.contains("made by:  qsh"))
    }

    @Test func withoutOutputNothingIsWritten() async throws {
        let run = try await qsh("mkinitramfs", "--hooks", "base")

        #expect(run.stdout.hasPrefix("nothing written (no -g): kernel "))
        #expect(folder.names() == [])
    }

    @Test func whyTellsTheChainFromTheImage() async throws {
        _ = try await qsh("mkinitramfs", "--hooks", "base,block,fsck", "-z", "zstd", "-g", "i.img")

        let module = try await qsh("why", "i.img", "virtio-ring")
        let lines = module.stdout.split(separator: "\n")
        #expect(lines.first?.contains("/virtio_ring.ko: its symbols are used by ") == true)
        #expect(lines.last?.hasSuffix("of the machines that qsh boots (hook block)") == true)
        let library = try await qsh("why", "--json", "i.img", "/usr/sbin/e2fsck")
        let steps = try #require(JSONValue(parsing: library.stdout.utf8))
        guard case .array(let list) = steps else { return #expect(Bool(false)) }
        #expect(list.last?["hook"]?.text == "fsck")
        let named = try await qsh("why", "i.img", "e2fsck")
        #expect(named.stdout.hasPrefix("/usr/sbin/e2fsck: "), "\(named.stderr)")
        let missing = try await qsh("why", "i.img", "/usr/sbin/e2fsk")
        #expect(missing.status == 2)
        #expect(
            missing.stderr
                == "error: `/usr/sbin/e2fsk`: not in `i.img`\n"
                + "  hint: did you mean `/usr/sbin/e2fsck`?\n")
    }

    @Test func whyRunsARecipeUpToItsFirstMachine() async throws {
        try folder.write(
            "boot.lua",
            """
            local root = qsh.initramfs.new {}
            root:file("/etc/mine", "x"):binary("xz"):file("/a/same", "1"):file("/b/same", "2")
            qsh.machine.boot { initramfs = root, kernel = "none" }
            error("not reached")
            """)

        let run = try await qsh("why", "boot.lua", "/usr/bin/xz")
        #expect(run.stdout == "/usr/bin/xz: the recipe asks for it\n")
        #expect(run.stderr == "")
        let own = try await qsh("why", "boot.lua", "etc/mine")
        #expect(own.stdout == "/etc/mine: the recipe adds it\n")
        let several = try await qsh("why", "boot.lua", "same")
        #expect(
            several.stderr
                == "error: `same`: 2 files of `boot.lua` have this name\n"
                + "  note: `/a/same`\n  note: `/b/same`\n  hint: give the whole path\n")
        let missing = try await qsh("why", "boot.lua", "/etc/main")
        #expect(
            missing.stderr
                == "error: `/etc/main`: not in `boot.lua`\n  hint: did you mean `/etc/mine`?\n")
    }

    @Test func hooksOfAFolderAreLua() async throws {
        try folder.write(
            "hooks/greet.lua",
            """
            return {
              help = "says hello",
              build = function(image) image:file("/etc/greeting", "hello"):modules("raid1") end,
              run_hook = "cat /etc/greeting",
            }
            """)

        let run = try await qsh(
            "mkinitramfs", "-D", "hooks", "--hooks", "base", "-A", "greet", "-g", "i.img")
        #expect(run.status == 0, "\(run.stderr)")
        let why = try await qsh("why", "i.img", "raid1")
        #expect(why.stdout.hasSuffix("raid1.ko: the hook `greet` asks for it (hook greet)\n"))
        let list = try await qsh("mkinitramfs", "-D", "hooks", "-L")
        #expect(list.stdout.hasSuffix("greet         says hello\n"))
        let inspect = try await qsh("inspect", "--list", "i.img")
        #expect(inspect.stdout.contains("hooks/greet"))
    }

    @Test func aFileForItsOwnerOnlyMakesTheImageSo() async throws {
        try folder.write("key", "secret", mode: 0o600)

        let run = try await qsh("mkinitramfs", "--hooks", "base", "--files", "key", "-g", "i.img")

        #expect(run.status == 0, "\(run.stderr)")
        #expect(mode("i.img") == 0o600)
    }

    @Test func microcodeComesInFront() async throws {
        try folder.write("fw/intel-ucode/06-01-02", "INTEL")
        try folder.write("fw/amd-ucode/x.bin", "AMD")

        let run = try await qsh(
            "mkinitramfs", "--hooks", "base microcode", "--firmware", "fw", "-z", "gzip", "-g",
            "i.img")

        #expect(run.status == 0, "\(run.stderr)")
        let inspect = try await qsh("inspect", "--json", "i.img")
        let segments = JSONValue(parsing: inspect.stdout.utf8)?["segments"]
        guard case .array(let list)? = segments else { return #expect(Bool(false)) }
        #expect(list.compactMap { $0["codec"]?.text } == ["none", "gzip"])
        #expect(inspect.stdout.contains("kernel/x86/microcode/GenuineIntel.bin"))
    }

    @Test(arguments: [
        (["--hooks", "bse"], "hook `bse`: not known", "did you mean `base`?"),
        (
            ["--hooks", "block"], "hooks `block`: `base` is missing, so there would be no /init",
            "put `base` first"
        ),
        (
            ["--modules", "virtio_blkk"], "module `virtio_blkk`: no such module in ",
            "did you mean `virtio_blk`?"
        ),
        (
            ["-z", "zst"], "compression `zst` is not known: expected one of ",
            "did you mean `zstd`?"
        ),
        (["-z", "zstd:99"], "compression level of `zstd` expects 1 to 19, got 99", ""),
        (
            ["--binaries", "no-such-program"], "program `no-such-program`: not found in ",
            "install it, or give its path"
        ),
        (["--files", "gone"], "cannot read `", ""),
        (["--root", "gone"], "cannot read `gone`: No such file or directory", ""),
        (["-k", "gone"], "kernel `gone`", ""),
        (["--hookdir", "gone"], "cannot read `gone`: No such file or directory", ""),
        (["-g", "/dev/full"], "cannot write `/dev/full`: no space left on the device", ""),
        (["-g", "none/i.img"], "cannot write `none/i.img`: No such file or directory", ""),
    ])
    func badInputIsRefused(words: [String], message: String, hint: String) async throws {
        let run = try await QshRun(["mkinitramfs"] + words).with { $0.folder = folder.path }
            .finish()

        #expect(run.stderr.contains("error: \(message)"), "\(run.stderr)")
        if !hint.isEmpty { #expect(run.stderr.contains("hint: \(hint)"), "\(run.stderr)") }
        #expect(run.status == 2)
        #expect(folder.names().filter { $0.contains("i.img") } == [])
    }

    @Test func unknownOptionsAreRefused() async throws {
        let run = try await qsh("mkinitramfs", "--hoks", "base")

        #expect(run.status == 2)
        #expect(run.stderr.contains("--hooks"), "\(run.stderr)")
    }

    /// Two writers at once: one whole image stays, and nothing beside it.
    @Test func twoWritersLeaveOneWholeImage() async throws {
        async let first = qsh("mkinitramfs", "--hooks", "base", "-g", "i.img")
        async let second = qsh("mkinitramfs", "--hooks", "base block", "-g", "i.img")

        let states = try await [first.status, second.status]

        #expect(states == [0, 0])
        #expect(folder.names() == ["i.img"])
        let lint = try await qsh("lint", "i.img")
        #expect(lint.status == 0)
    }
}
