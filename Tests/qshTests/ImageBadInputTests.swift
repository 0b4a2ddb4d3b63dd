import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// What is wrong with the input of images, from outside: whole messages, and no half image.
@Suite struct ImageBadInputTests {
    private let folder: TestTree

    init() throws {
        TestLoop.start()
        folder = try TestTree()
    }

    private func qsh(_ words: String...) async throws -> QshRun.Outcome {
        try await QshRun(words).with { $0.folder = folder.path }.finish()
    }

    /// Refused with exactly this text, and without an image. What is fetched first is no matter.
    private func refused(_ words: String..., error: String) async throws {
        let run = try await QshRun(["-q"] + words).with { $0.folder = folder.path }.finish()
        #expect(run.stderr == "error: \(error)\n")
        #expect(run.status == 2)
        #expect(folder.names().filter { $0.contains("i.img") } == [])
    }

    private func shell(_ script: String) async throws -> QshRun.Outcome {
        try await QshRun.shell("cd \(folder.path) && \(script)")
    }

    /// A kernel with a few of its modules, as an unpacked package.
    /// - Returns: its release.
    private func package() async throws -> String {
        let kernel = try await QshRun("-e", "print(qsh.kernel.find().image)").finish().stdout
        let image = kernel.split(separator: "\n").first.map(String.init) ?? ""
        let copy = try await shell(
            """
            set -e
            image=\(image) release=${image##*vmlinuz-} from=${image%/boot/*}
            mkdir -p kernel/boot kernel/lib/modules/$release/kernel/drivers
            ln "$image" kernel/boot/ 2>/dev/null || cp "$image" kernel/boot/
            cp -r $from/lib/modules/$release/kernel/drivers/virtio \
              $from/lib/modules/$release/kernel/drivers/block \
              kernel/lib/modules/$release/kernel/drivers
            cp $from/lib/modules/$release/modules.builtin* kernel/lib/modules/$release
            printf %s $release
            """)
        try #require(copy.status == 0, "\(copy.stderr)")
        return copy.stdout
    }

    @Test func unknownNamesComeWithTheNearest() async throws {
        let release = try await package()
        let known = InitramfsHook.builtin.map(\.name).joined(separator: " ")
        try await refused(
            "mkinitramfs", "--hooks", "base filesystem", "-g", "i.img",
            error: """
                hook `filesystem`: not known
                  note: known: \(known)
                  hint: did you mean `filesystems`?
                """)
        try await refused(
            "mkinitramfs", "-k", "kernel", "--hooks", "base", "--modules", "virtoi_blk",
            "-g", "i.img",
            error: """
                module `virtoi_blk`: no such module in \
                `\(folder.path)/kernel/lib/modules/\(release)`
                  hint: did you mean `virtio_blk`?
                """)
    }

    @Test func aModuleThatIsMissingIsNamedWithWhoNeedsIt() async throws {
        let release = try await package()
        let modules = "\(folder.path)/kernel/lib/modules/\(release)"
        unlink("\(modules)/kernel/drivers/virtio/virtio_ring.ko")
        try await refused(
            "mkinitramfs", "-k", "kernel", "--hooks", "base block", "-g", "i.img",
            error: """
                module `virtio_pci`: it needs `virtio_ring`, which is not in `\(modules)`
                  hint: install or build the modules again
                """)
        try await refused(
            "mkinitramfs", "-k", "kernel", "--hooks", "base mdadm_udev", "-g", "i.img",
            error: "module `md_mod`: no such module in `\(modules)`")
    }

    @Test func modulesOfAnotherReleaseAreRefused() async throws {
        let release = try await package()
        let moved = try await shell("mv kernel/lib/modules/\(release) kernel/lib/modules/6.9.9")
        #expect(moved.status == 0)
        try await refused(
            "mkinitramfs", "-k", "kernel", "--hooks", "base block", "-g", "i.img",
            error: """
                kernel `\(folder.path)/kernel/boot/vmlinuz-\(release)`: found no modules of \
                release `\(release)` near it
                  note: beside it lie those of `6.9.9`
                  hint: give the folder lib/modules/RELEASE with --moduleroot
                """)
        try await refused(
            "mkinitramfs", "-k", "kernel", "-r", "kernel/lib/modules/6.9.9",
            "--hooks", "base block", "-g", "i.img",
            error: """
                modules `kernel/lib/modules/6.9.9` are of release `6.9.9`: the kernel's is \
                `\(release)`
                  hint: give the modules of this very kernel
                """)
        let other = release.replacing("6.1.0", with: "6.1.9")
        let patched = try await shell(
            """
            mv kernel/lib/modules/6.9.9 kernel/lib/modules/\(release)
            sed -i 's/vermagic=\(release)/vermagic=\(other)/' \
              kernel/lib/modules/\(release)/kernel/drivers/virtio/virtio.ko
            """)
        #expect(patched.status == 0)
        try await refused(
            "mkinitramfs", "-k", "kernel", "--hooks", "base", "--modules", "virtio",
            "-g", "i.img",
            error: """
                module `\(folder.path)/kernel/lib/modules/\(release)/kernel/drivers/virtio/\
                virtio.ko` was built for `\(other)`: the kernel is `\(release)`
                  hint: give the modules of this very kernel
                """)
    }

    /// The folder's own files, without modules: a kernel that has none beside it needs none.
    @Test func aKernelWithNoModulesBesideItIsNoError() async throws {
        _ = try await package()
        FileTree.remove(folder.path.appending("kernel").appending("lib"))
        let run = try await qsh(
            "mkinitramfs", "-k", "kernel", "--hooks", "base block", "-g", "i.img")
        #expect(run.status == 0, "\(run.stderr)")
    }

    @Test func aFileThatVanishesLeavesNoImage() async throws {
        try folder.write("gone", "text")
        try folder.write(
            "hooks/mine.lua",
            """
            return { build = function(image)
              image:file("/etc/gone", { from = "gone" })
              os.remove("gone")
            end }
            """)
        try await refused(
            "mkinitramfs", "-D", "hooks", "--hooks", "base mine", "-g", "i.img",
            error: "cannot read `gone`: No such file or directory")
    }

    @Test(arguments: [
        (
            #":nod("/dev/x", { type = "c" })"#,
            "qsh.initramfs:nod: type `c` needs `major` and `minor`"
        ),
        (
            #":nod("/dev/x", { type = "b", major = 8 })"#,
            "qsh.initramfs:nod: type `b` needs `major` and `minor`"
        ),
        (
            #":nod("/dev/x", { major = 8, minor = 1 })"#,
            #"qsh.initramfs:nod: option `type` expects "c", "b" or "p", got nil"#
        ),
        (
            #":file("/" .. ("n"):rep(256), "")"#,
            "path `/" + String(repeating: "n", count: 59)
                + "…` has a component of 256 bytes: the kernel takes at most 255"
        ),
        (
            #":file(("/n"):rep(2048) .. "n", "")"#,
            "path `" + String(repeating: "/n", count: 30)
                + "…` is 4096 bytes long: the kernel takes at most 4095"
        ),
    ])
    func entriesThatCannotBe(code: String, message: String) async throws {
        let run = try await qsh("-e", "qsh.initramfs.new{}\(code):write('i.img')")
        #expect(run.stderr == "error: \(message)\n  at -e:1\n")
        #expect(run.status != 0)
        #expect(folder.names() == [])
    }

    @Test func fourGibibytesDoNotFitAnEntry() async throws {
        let made = try await shell("truncate -s 4G huge && truncate -s 1M small")
        #expect(made.status == 0, "\(made.stderr)")
        let name = "\(folder.path)/huge"
        let error = """
            file `/%` has 4294967296 bytes: a cpio entry holds at most 4294967295
              hint: hand large data to the guest as a disk
            """
        try await refused(
            "mkinitramfs", "--hooks", "base", "--files", "huge", "-g", "i.img",
            error: error.replacing("%", with: name.dropFirst()))
        let base = try await qsh("-e", "qsh.initramfs.new{}:write('base')")
        #expect(base.status == 0)
        try await refused(
            "append", "base", "huge", "-o", "i.img", error: error.replacing("%", with: "huge"))
    }

    /// As they are in images and folders; only a command line cannot name them.
    @Test func namesThatAreNotUTF8Work() async throws {
        let run = try await shell(
            #"""
            set -e
            mkdir -p over/sub && printf x >"$(printf 'over/sub/a\377b')"
            ln -s "$(printf 't\376')" "$(printf 'over/l\377')"
            "$QSH" -e 'qsh.initramfs.new{}:tree("/t", { from = "over" }):write("base")'
            "$QSH" append base over
            "$QSH" extract base -C out
            "$QSH" extract base 'sub/a\xffb' -C one
            cat "$(printf 'out/sub/a\377b')" "$(printf 'out/t/sub/a\377b')"
            cat one/sub/*
            [ "$(readlink "$(printf 'out/l\377')")" = "$(printf 't\376')" ]
            """#)
        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout == "xxx")
        let json = try await qsh("inspect", "--json", "base")
        #expect(json.stdout.contains(#""path":"sub/a\\xffb""#))
        #expect(json.stdout.contains(#""target":"t\\xfe""#))
        #expect(JSONValue(parsing: json.stdout.utf8) != nil)
        let name = try await qsh("-e", #"qsh.initramfs.new{}:file("/m\xff", "m")"#)
        #expect(name.stderr.contains("(`path`) expects a path in UTF-8, got "), "\(name.stderr)")
        let argument = try await shell(
            #""$QSH" append base "$(printf 'over/sub/a\377b')" -o i.img"#)
        #expect(argument.status == 2)
        #expect(
            argument.stderr == #"""
                error: argument 3 `over/sub/a\xffb` is not UTF-8
                  hint: give the folder that it is in, or a symlink to it

                """#)
        #expect(folder.names() == ["base", "one", "out", "over"])
    }

    @Test func aLoopOfSymlinksIsNamed() async throws {
        _ = try await shell(
            #"""
            ln -s two one && ln -s one two && mkdir over && touch over/x
            "$QSH" -e 'qsh.initramfs.new{}:symlink("/a", "b"):symlink("/b", "a"):write("base")'
            """#)
        let words = "Too many levels of symbolic links"
        try await refused(
            "mkinitramfs", "--hooks", "base", "--files", "one", "-g", "i.img",
            error: "cannot read `one`: \(words)")
        try await refused(
            "append", "base", "one", "-o", "i.img", error: "cannot read `one`: \(words)")
        try await refused(
            "append", "base", "over/x=/a/x", "-o", "i.img",
            error: """
                cannot add `/a`: the symlinks on its way form a loop
                  hint: remove one of the symlinks
                """)
        try await refused("inspect", "one", error: "cannot read `one`: \(words)")
        try await refused(
            "mkinitramfs", "-k", "one", "-g", "i.img",
            error: "kernel `one`: could not be read: \(words.lowercased())")
    }

    private static let canMount =
        geteuid() == 0
        && system("unshare -m sh -c 'mount -t tmpfs none /mnt' >/dev/null 2>&1") == 0

    /// A disk of one mebibyte, for this run only.
    @Test(
        .enabled(if: canMount, "needs root and mount namespaces, to make a small disk"),
        arguments: [
            #""$QSH" mkinitramfs --hooks base -g disk/i.img"#,
            #""$QSH" mkinitramfs --hooks base -z zstd:1 --files big -g disk/i.img"#,
            #""$QSH" -e 'qsh.initramfs.new{}:file("/x", { from = "big" }):write("disk/i.img")'"#,
            #"cp base disk/i.img && "$QSH" append disk/i.img big"#,
            #""$QSH" append base big -o disk/i.img --compress gzip"#,
        ])
    func aFullDiskKeepsNoHalfImage(command: String) async throws {
        try folder.write(
            "full.sh",
            """
            mkdir -p disk && mount -t tmpfs -o size=1M none disk
            "$QSH" -e 'qsh.initramfs.new{}:write("base")'
            head -c 3000000 /dev/urandom >big
            \(command)
            echo "status $?"
            ls -A disk
            [ ! -e disk/i.img ] || cmp disk/i.img base
            """)
        let run = try await shell("unshare -m sh full.sh")
        let kept = command.hasPrefix("cp ") ? "i.img\n" : ""
        #expect(run.stdout == "status 2\n\(kept)")
        #expect(
            run.stderr.contains(
                "disk/i.img`: no space left on the device, and nothing was kept\n"),
            "\(run.stderr)")
        #expect(run.stderr.hasPrefix("error: cannot write `"), "\(run.stderr)")
        #expect(run.stderr.hasSuffix("  hint: free some space, or write to another disk\n"))
    }
}
