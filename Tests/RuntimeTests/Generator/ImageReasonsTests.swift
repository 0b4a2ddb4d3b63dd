import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// An image that somebody else made, with nothing written down: modules of Debian's kernel, and
/// programs of which only the headers are real.
@Suite struct ImageReasonsTests {
    private let folder: TestTree

    init() throws {
        TestLoop.start()
        folder = try TestTree()
    }

    @LoopActor private func image() async throws -> FilePath {
        var tree = InitramfsTree()
        try tree.addFile(
            "init", text: "#!/bin/sh\n/bin/tool --now\nmodprobe virtio-pci\n", mode: .program)
        try tree.addFile("usr/bin/busybox", bytes: ELFSample(needed: []).bytes, mode: .program)
        try tree.addSymlink("usr/bin/sh", target: "busybox")
        try tree.addSymlink("bin", target: "usr/bin")
        let program = ELFSample(needed: ["libx.so.1"], interpreter: "/lib64/ld-x.so.2")
        try tree.addFile("usr/bin/tool", bytes: program.bytes, mode: .program)
        try tree.addFile("lib64/ld-x.so.2", bytes: ELFSample(needed: []).bytes, mode: .program)
        try tree.addFile("lib/libx.so.1.0", bytes: ELFSample(needed: []).bytes, mode: .file)
        try tree.addSymlink("lib/libx.so.1", target: "libx.so.1.0")
        try tree.addFile("lib/orphan.so", bytes: ELFSample(needed: []).bytes, mode: .file)
        try tree.addFile("lib/firmware/me4000_firmware.bin", text: "firmware", mode: .file)
        try tree.addFile("lib/modules/1/modules.dep", text: "a.ko: b.ko\n", mode: .file)
        try tree.addFile("kernel/x86/microcode/GenuineIntel.bin", text: "m", mode: .file)
        let kernel = try await DebianKernel.get()
        let modules = try KernelModules(folder: #require(kernel.modules))
        for name in ["virtio_pci", "virtio_ring", "me4000", "nf_log_syslog", "xt_LOG"] {
            let file = try #require(modules.resolve([name]).last)
            try tree.addFile("lib/modules/1/\(name).ko", from: file, mode: .file)
        }
        return try folder.write("i.img", tree.image())
    }

    @Test(arguments: [
        ("/init", ["/init: the kernel starts it"]),
        (
            "busybox",
            [
                "/usr/bin/busybox: interpreter of /init", "/init: the kernel starts it",
            ]
        ),
        ("/bin/sh", ["/usr/bin/sh: interpreter of /init", "/init: the kernel starts it"]),
        (
            "libx.so.1.0",
            [
                "/lib/libx.so.1.0: target of the symlink /lib/libx.so.1",
                "/lib/libx.so.1: library of /usr/bin/tool", "/usr/bin/tool: its name is in /init",
                "/init: the kernel starts it",
            ]
        ),
        (
            "/lib64/ld-x.so.2",
            [
                "/lib64/ld-x.so.2: dynamic linker of /usr/bin/tool",
                "/usr/bin/tool: its name is in /init", "/init: the kernel starts it",
            ]
        ),
        (
            "virtio-ring",
            [
                "/lib/modules/1/virtio_ring.ko: its symbols are used by"
                    + " /lib/modules/1/virtio_pci.ko",
                "/lib/modules/1/virtio_pci.ko: its name is in /init",
                "/init: the kernel starts it",
            ]
        ),
        (
            "nf_log_syslog",
            [
                "/lib/modules/1/nf_log_syslog.ko: soft dependency of /lib/modules/1/xt_LOG.ko",
                "/lib/modules/1/xt_LOG.ko: loaded where something asks for `ip6t_LOG`",
            ]
        ),
        (
            "me4000_firmware.bin",
            [
                "/lib/firmware/me4000_firmware.bin: firmware of /lib/modules/1/me4000.ko",
                "/lib/modules/1/me4000.ko: loaded where a device asks for"
                    + " `pci:v00001402d00004683sv*sd*bc*sc*i*` or the like",
            ]
        ),
        ("modules.dep", ["/lib/modules/1/modules.dep: modprobe reads it"]),
        (
            "GenuineIntel.bin",
            ["/kernel/x86/microcode/GenuineIntel.bin: the kernel loads it into the processor"]
        ),
        (
            "lib64",
            [
                "/lib64: folder of /lib64/ld-x.so.2",
                "/lib64/ld-x.so.2: dynamic linker of /usr/bin/tool",
                "/usr/bin/tool: its name is in /init", "/init: the kernel starts it",
            ]
        ),
    ])
    @LoopActor func whatTheFilesSayOfEachOther(name: String, chain: [String]) async throws {
        let steps = try await ImageReasons.why(name, in: image())
        #expect(steps.map(\.line) == chain)
    }

    /// The bones of dracut's images: systemd comes first, and much is only read for its place.
    @Test(arguments: [
        (
            "udevadm",
            [
                "/usr/bin/udevadm: target of the symlink /usr/lib/systemd/systemd-udevd",
                "/usr/lib/systemd/systemd-udevd: its name is in"
                    + " /usr/lib/systemd/system/udevd.service",
                "/usr/lib/systemd/system/udevd.service: target of the symlink"
                    + " /usr/lib/systemd/system/initrd.target.wants/udevd.service",
                "/usr/lib/systemd/system/initrd.target.wants/udevd.service: wanted by"
                    + " /usr/lib/systemd/system/initrd.target",
                "/usr/lib/systemd/system/initrd.target: target of the symlink"
                    + " /etc/systemd/system/default.target",
                "/etc/systemd/system/default.target: what is started first by"
                    + " /usr/lib/systemd/systemd",
                "/usr/lib/systemd/systemd: target of the symlink /init",
                "/init: the kernel starts it",
            ]
        ),
        (
            "lib/dracut/hooks/cmdline/30-a.sh",
            ["/usr/lib/dracut/hooks/cmdline/30-a.sh: dracut runs it at the point `cmdline`"]
        ),
        ("lib", ["/lib: programs and libraries are looked for under this name"]),
        ("etc/ld.so.cache", ["/etc/ld.so.cache: the dynamic linker finds libraries by it"]),
        ("proc", ["/proc: procfs is mounted there"]),
        ("x.conf", ["/etc/modprobe.d/x.conf: modprobe reads it"]),
    ])
    @LoopActor func placesTellToo(name: String, chain: [String]) async throws {
        var tree = InitramfsTree()
        let program = ELFSample(needed: []).bytes
        try tree.addSymlink("init", target: "usr/lib/systemd/systemd")
        try tree.addSymlink("lib", target: "usr/lib")
        try tree.addFile("usr/lib/systemd/systemd", bytes: program, mode: .program)
        try tree.addFile("usr/bin/udevadm", bytes: program, mode: .program)
        // In order of path, it comes before the one that tells something.
        try tree.addSymlink("usr/bin/another", target: "udevadm")
        try tree.addSymlink("usr/lib/systemd/systemd-udevd", target: "../../bin/udevadm")
        let units = "usr/lib/systemd/system"
        try tree.addFile("\(units)/udevd.service", text: "ExecStart=/lib/systemd/systemd-udevd\n")
        try tree.addFile("\(units)/initrd.target", text: "[Unit]\n")
        try tree.addSymlink(
            "\(units)/initrd.target.wants/udevd.service", target: "../udevd.service")
        try tree.addSymlink(
            "etc/systemd/system/default.target", target: "/\(units)/initrd.target")
        try tree.addFile("usr/lib/dracut/hooks/cmdline/30-a.sh", text: "true\n")
        try tree.addFile("etc/ld.so.cache", bytes: [0])
        try tree.addFile("etc/modprobe.d/x.conf", text: "options a b=1\n")
        try tree.addDirectory("proc")
        let steps = try await ImageReasons.why(name, in: folder.write("d.img", tree.image()))
        #expect(steps.map(\.line) == chain)
    }

    /// The bones of mkinitcpio's images, whose record of its settings names all hooks.
    @Test(arguments: [
        (
            "hooks/udev",
            [
                "/hooks/udev: its name is in /config", "/config: its name is in /init",
                "/init: the kernel starts it",
            ]
        ),
        (
            "usr/bin/bc",
            [
                "/usr/bin/bc: another name of /usr/bin/busybox",
                "/usr/bin/busybox: interpreter of /hooks/udev",
                "/hooks/udev: its name is in /config",
                "/config: its name is in /init", "/init: the kernel starts it",
            ]
        ),
        (
            "fsck.minix",
            [
                "/usr/bin/fsck.minix: started for a file system of the type `minix` by"
                    + " /usr/bin/fsck",
                "/usr/bin/fsck: its name is in /init", "/init: the kernel starts it",
            ]
        ),
        (
            "nls_ascii",
            ["/lib/modules/1/nls_ascii.ko: loaded where a file system has names in `ascii`"]
        ),
        ("fuse", ["/lib/modules/1/fuse.ko: loaded where a program opens `/dev/fuse`"]),
        ("buildconfig", ["/buildconfig: mkinitcpio notes its configuration in it"]),
        (
            "xts",
            ["/lib/modules/1/xts.ko: loaded where the kernel is asked for the algorithm `xts`"]
        ),
        (
            "dm-crypt",
            [
                "/lib/modules/1/dm_crypt.ko: loaded for a table with the target `crypt` by"
                    + " /lib/modules/1/dm_mod.ko",
                "/lib/modules/1/dm_mod.ko: its name is in /hooks/udev",
                "/hooks/udev: its name is in /config", "/config: its name is in /init",
                "/init: the kernel starts it",
            ]
        ),
        ("xfs", ["/lib/modules/1/xfs.ko: loaded where a file system is mounted of the type `xfs`"]),
    ])
    @LoopActor func mkinitcpiosImagesTellToo(name: String, chain: [String]) async throws {
        var tree = InitramfsTree()
        try tree.addFile("init", text: "#!/bin/sh\n. /config\n# xfs\nfsck\n", mode: .program)
        try tree.addFile("config", text: "HOOKS=\"udev\"\n")
        try tree.addFile("buildconfig", text: "HOOKS=(base udev xts dm_crypt xfs)\n")
        try tree.addFile("hooks/udev", text: "#!/bin/ash\nmodprobe dm_mod\n  # xts, xfs\n")
        let modules = try KernelModules(folder: #require(await DebianKernel.get().modules))
        let program = ELFSample(needed: []).bytes
        try tree.addFile("usr/bin/busybox", bytes: program, mode: .program)
        try tree.addFile("usr/bin/fsck", bytes: program, mode: .program)
        try tree.addFile("usr/bin/fsck.minix", bytes: program, mode: .program)
        for name in ["ash", "bc"] { try tree.addSymlink("usr/bin/\(name)", target: "busybox") }
        try tree.addSymlink("bin", target: "usr/bin")
        for name in ["xts", "dm_crypt", "dm_mod", "xfs", "nls_ascii", "fuse"] {
            let file = try #require(modules.resolve([name]).last)
            try tree.addFile("lib/modules/1/\(name).ko", from: file, mode: .file)
        }
        let steps = try await ImageReasons.why(name, in: folder.write("m.img", tree.image()))
        #expect(steps.map(\.line) == chain)
    }

    @Test @LoopActor func aNameOfSeveralFilesAsksForThePath() async throws {
        var tree = InitramfsTree()
        try tree.addFile("init", text: "#!/bin/sh\n", mode: .program)
        for folder in ["a", "b"] { try tree.addFile("\(folder)/note", text: folder) }
        try tree.addSymlink("a/init", target: "/init")
        let image = try folder.write("n.img", tree.image())
        let error = await #expect(throws: GeneratorError.self) {
            try await ImageReasons.why("note", in: image)
        }
        #expect(
            error?.diagnostic
                == Diagnostic(
                    .usage, "`note`: 2 files of `\(image)` have this name",
                    notes: ["`/a/note`", "`/b/note`"], hint: "give the whole path"))
    }

    @Test @LoopActor func whatNobodyNamesIsSaidToBeUnknown() async throws {
        let image = try await image()
        let error = await #expect(throws: GeneratorError.self) {
            try await ImageReasons.why("orphan.so", in: image)
        }
        #expect(
            error?.diagnostic.message
                == "`/lib/orphan.so`: nothing in `\(image)` says why it is there")
    }
}
