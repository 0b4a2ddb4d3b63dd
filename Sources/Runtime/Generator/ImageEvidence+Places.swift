extension ImageEvidence {
    /// Files that are opened only because of the place where they lie: by udev(7), systemd(1),
    /// modprobe.d(5), ld.so(8), nss(5), dracut.bootup(7) and their like.
    func placed(_ node: InitramfsNode, _ seen: Set<[UInt8]>) -> Ground? {
        let path = printable(node.path)
        if let said = Self.places[path] ?? Self.records[path] { return (nil, said, .data) }
        if node.type == .directory {
            return Self.mountPoints[path].map { (nil, $0, .data) }
        }
        let parts = path.split(separator: "/").map(String.init)
        if node.type == .symlink, parts.count == 1, Self.rootNames.contains(path) {
            return (nil, "programs and libraries are looked for under this name", .data)
        }
        guard parts.count > 1, let name = parts.last else { return nil }
        let folder = parts[parts.count - 2]
        for suffix in [".wants", ".requires"] where folder.hasSuffix(suffix) {
            let unit = String(folder.dropLast(suffix.count))
            if let user = first(unit, seen) { return (user, "wanted by", .configuration) }
        }
        if folder == "rules.d", let daemon = first("systemd-udevd", seen) ?? first("udevd", seen) {
            return (daemon, "its rules are read by", .configuration)
        }
        if folder == "system-generators", let systemd = first("systemd", seen) {
            return (systemd, "writes units when it is started by", .program)
        }
        for helper in ["fsck", "mount"] where name.hasPrefix(helper + ".") {
            let type = name.dropFirst(helper.count + 1)
            guard let program = first(helper, seen) else { continue }
            return (program, "started for a file system of the type `\(type)` by", .program)
        }
        if parts.contains("terminfo") {
            return (nil, "who draws on such a terminal looks it up there", .data)
        }
        if name == "default.target", let systemd = first("systemd", seen) {
            return (systemd, "what is started first by", .configuration)
        }
        if let hooks = parts.firstIndex(of: "hooks"), hooks > 0, parts[hooks - 1] == "dracut",
            hooks + 2 < parts.count
        {
            return (nil, "dracut runs it at the point `\(parts[hooks + 1])`", .script)
        }
        return Self.readers[folder].map { (nil, "\($0) reads it", .configuration) }
    }

    /// The first file of that name that the chain has not been through.
    private func first(_ name: String, _ seen: Set<[UInt8]>) -> InitramfsNode? {
        let named = tree.filter { node in
            node.type != .directory && !seen.contains(node.path)
                && node.path.split(separator: UInt8(ascii: "/")).last?.elementsEqual(name.utf8)
                    == true
        }
        return named.first { $0.type == .file } ?? named.first
    }

    private static let places = [
        "etc/ld.so.cache": "the dynamic linker finds libraries by it",
        "etc/ld.so.conf": "ldconfig reads it",
        "etc/passwd": "the C library looks users up in it",
        "etc/group": "the C library looks groups up in it",
        "etc/shadow": "what asks for a password looks it up there",
        "etc/nsswitch.conf": "the C library reads where to look names up",
        "etc/initrd-release": "systemd knows by it that it runs in an initramfs",
        "usr/lib/initrd-release": "systemd knows by it that it runs in an initramfs",
        "etc/os-release": "programs read the system's name there",
        "usr/lib/os-release": "programs read the system's name there",
        "etc/machine-id": "systemd and D-Bus read the machine's number there",
        "shutdown": "systemd starts it as the last step of powering off",
    ]

    /// What image makers write down of themselves: files that name others without using them.
    static let records = [
        "VERSION": "mkinitcpio notes its version in it",
        "buildconfig": "mkinitcpio notes its configuration in it",
        "early_cpio": "mkinitcpio and dracut mark the early archive by it",
        "usr/lib/dracut/build-parameter.txt": "dracut notes its arguments in it",
        "usr/lib/dracut/modules.txt": "dracut notes its modules in it",
        "usr/lib/dracut/hostonly-files": "dracut notes in it what is this host's own",
        "usr/lib/dracut/hostonly-kernel-modules.txt": "dracut notes this host's modules in it",
        "usr/lib/dracut/loaded-kernel-modules.txt": "dracut notes in it what was loaded",
        "usr/lib/dracut/dracut-version": "dracut notes its version in it",
    ]

    private static let mountPoints = [
        "dev": "device nodes lie there", "proc": "procfs is mounted there",
        "sys": "sysfs is mounted there", "run": "a tmpfs is mounted there",
        "tmp": "programs put temporary files there",
        "root": "the real root is mounted there, or it is root's home",
        "sysroot": "the real root is mounted there",
        "new_root": "the real root is mounted there",
        "etc/modprobe.d": "modprobe reads what lies there",
        "etc/cmdline.d": "dracut reads what lies there as kernel arguments",
    ]

    private static let rootNames: Set = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"]

    /// Folders whose files one program reads, all of them.
    private static let readers = [
        "modprobe.d": "modprobe", "ld.so.conf.d": "ldconfig", "tmpfiles.d": "systemd-tmpfiles",
        "sysctl.d": "systemd-sysctl", "sysusers.d": "systemd-sysusers",
        "modules-load.d": "systemd-modules-load", "cmdline.d": "dracut",
        "network": "systemd-udevd",
    ]
}
