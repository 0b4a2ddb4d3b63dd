import SystemPackage

extension InitramfsHook {
    /// The hooks that qsh brings, by mkinitcpio's names and with their meaning.
    public static let builtin: [InitramfsHook] = [
        InitramfsHook("base", "busybox, /init and the folders of a root") {
            try await $0.addBase()
        },
        InitramfsHook(
            "udev", "discovery of devices at boot, as the fallback", script: HookScripts.udev
        ) { _ in },
        InitramfsHook("autodetect", "leaves out drivers that this machine has no use for") {
            try $0.detect()
        },
        InitramfsHook("modconf", "options of modprobe.d for modules") {
            try $0.addModprobeOptions()
        },
        InitramfsHook("block", "drivers of disks") { try $0.addDisks() },
        InitramfsHook("filesystems", "drivers of the root's file system") {
            try $0.addFileSystems()
        },
        InitramfsHook("keyboard", "drivers of keyboards") { try $0.addKeyboards() },
        InitramfsHook("fsck", "checkers of file systems") { try await $0.addCheckers() },
        InitramfsHook(
            "encrypt", "opens LUKS volumes: cryptdevice=DEVICE:NAME", script: HookScripts.encrypt
        ) { try await $0.addEncryption() },
        InitramfsHook("mdadm_udev", "assembles md arrays", script: HookScripts.mdadm) {
            try await $0.addArrays()
        },
        InitramfsHook("lvm2", "activates LVM volumes", script: HookScripts.lvm) {
            try await $0.addVolumes()
        },
        InitramfsHook(
            "resume", "resumes from hibernation: resume=DEVICE", script: HookScripts.resume
        ) { $0.addHibernation() },
        InitramfsHook("microcode", "microcode of the processor, in front of the image") {
            try $0.addMicrocode()
        },
    ]

    /// The hooks of these names.
    ///
    /// - Parameter own: hooks of the user's, which come before qsh's of the same name.
    /// - Throws: ``GeneratorError/unknownHook(_:near:known:)``.
    public static func named(
        _ names: [String], own: [InitramfsHook] = []
    ) throws(GeneratorError) -> [InitramfsHook] {
        var hooks: [InitramfsHook] = []
        for name in names {
            guard let hook = (own + builtin).first(where: { $0.name == name }) else {
                let known = builtin.map(\.name) + own.map(\.name)
                throw .unknownHook(name, near: nearest(to: name, among: known), known: known)
            }
            if !hooks.contains(where: { $0.name == name }) { hooks.append(hook) }
        }
        return hooks
    }
}

extension InitramfsGenerator {
    fileprivate func addBase() async throws {
        let busybox = try await Busybox.find(
            asked: configuration.busybox, arch: configuration.kernel.arch,
            environment: configuration.environment, cache: configuration.cache,
            progress: { self.say($0) })
        for folder in [
            "dev", "etc", "new_root", "proc", "run", "sys", "usr/bin", "usr/lib", "usr/sbin",
        ] { try tree.addDirectory(folder) }
        try tree.addDirectory("root", mode: FileMode(0o700))
        try tree.addDirectory("tmp", mode: FileMode(0o1777))
        for name in ["bin", "sbin", "lib"] { try tree.addSymlink(name, target: "usr/\(name)") }
        try tree.addNode("dev/console", .characterDevice(major: 5, minor: 1))
        try tree.addNode("dev/null", .characterDevice(major: 1, minor: 3), mode: FileMode(0o666))
        try tree.addFile("etc/passwd", text: "root:x:0:0:root:/root:/bin/sh\n")
        try tree.addFile("etc/group", text: "root:x:0:\n")
        try tree.addFile("init", text: generatedInit, mode: .program)
        try tree.addBusybox(from: busybox.program)
        let program = try InitramfsPath("/usr/bin/busybox")
        tree.explain(
            program, PickReason(.program, "the hook `base` needs it for /init", hook: "base"))
        for entry in tree.entries {
            if case .symlink(let target) = entry.kind,
                target.suffix(7).elementsEqual("busybox".utf8)
            {
                tree.explain(
                    entry.path, PickReason(.program, "applet of", hook: "base", because: program))
            }
        }
    }

    /// As in mkinitcpio, the files are copied; but only those of a folder that was named, or this
    /// machine's own where the image is for the kernel that it runs.
    fileprivate func addModprobeOptions() throws {
        let isOwn = hardware != nil && configuration.kernel.release == HostSystem.release
        guard let folder = configuration.modprobeFolder ?? (isOwn ? "/etc/modprobe.d" : nil) else {
            return
        }
        if !FileTree.isFolder(folder), configuration.modprobeFolder == nil { return }
        for name in FileTree.names(in: folder) where name.hasSuffix(".conf") {
            try tree.addFile("/etc/modprobe.d/\(name)", from: folder.appending(name))
        }
    }

    fileprivate func addCheckers() async throws {
        let known = root.fileSystem.map { [$0] }
        let names = known ?? ["ext4", "xfs", "btrfs", "vfat", "f2fs"]
        for name in names {
            if name == "ext4" {
                do {
                    try await addProgram("fsck.ext4", package: "e2fsprogs")
                } catch let error as PackageError {
                    remarks.append("`fsck.ext4` was not found: \(error)")
                }
            } else if configuration.kernel.arch == .ofHost,
                HostRoot.host.program("fsck.\(name)") != nil
            {
                try addBinary("fsck.\(name)")
            } else if known != nil {
                remarks.append("`fsck.\(name)` was not found: the root is not checked")
            }
        }
    }

    fileprivate func addMicrocode() throws {
        guard configuration.kernel.arch.name == "x86_64" || configuration.kernel.arch.name == "i386"
        else { return }
        let folders = [configuration.firmware?.string, "/lib/firmware", "/usr/lib/firmware"]
            .compactMap(\.self)
        for (vendor, folder) in [("GenuineIntel", "intel-ucode"), ("AuthenticAMD", "amd-ucode")] {
            if let own = hardware?.processorVendor, !own.isEmpty, own != vendor { continue }
            guard
                let base = folders.map({ FilePath("\($0)/\(folder)") })
                    .first(where: FileTree.isFolder)
            else {
                remarks.append("microcode `\(folder)` was not found: install the firmware package")
                continue
            }
            var bytes: [UInt8] = []
            for name in FileTree.names(in: base) where !name.hasSuffix(".asc") {
                bytes += try HostFile.contents(of: base.appending(name), limit: 64 << 20)
            }
            // The names that the kernel looks for (arch/x86/kernel/cpu/microcode).
            if !bytes.isEmpty {
                try early.addFile("kernel/x86/microcode/\(vendor).bin", bytes: bytes)
            }
        }
    }
}
