import SystemPackage

extension InitramfsGenerator {
    func detect() throws { take(HostHardware()) }

    /// With `autodetect`, what this machine has of a family; without, all of it for discovery.
    private func addFamily(_ family: ModuleFamily.Family, always: [String], _ what: String) throws {
        request(
            possible: always, why: "\(what) of the machines that qsh boots")
        guard let modules else { return }
        let names = family.names(in: modules)
        guard let hardware else {
            return request(
                possible: names, why: "\(what) of some machine, for discovery", isLoaded: false)
        }
        let present = try detected(hardware)
        request(
            possible: names.filter(present.contains), why: "\(what) that this machine has")
    }

    private func detected(_ hardware: HostHardware) throws -> Set<String> {
        let aliases = try aliases()
        return hardware.aliases.reduce(into: hardware.drivers) { found, alias in
            found.formUnion(aliases.modules(for: alias))
        }
    }

    func addDisks() throws {
        try addFamily(ModuleFamily.disks, always: ModuleFamily.machineDisks, "a driver of disks")
    }

    func addKeyboards() throws {
        try addFamily(
            ModuleFamily.keyboards, always: ModuleFamily.commonKeyboards, "a driver of keyboards")
    }

    func addFileSystems() throws {
        if let known = root.fileSystem {
            return request(possible: [known], why: "the file system of \(root.source)")
        }
        // ext4 is what images of disks are usually made with; the rest the kernel asks for.
        request(possible: ["ext4"], why: "the commonest file system of a root")
        request(
            possible: ModuleFamily.fileSystems, why: "a file system of some root", isLoaded: false)
    }

    func addEncryption() async throws {
        try await addProgram("cryptsetup", package: "cryptsetup-bin")
        request(ModuleRequest(name: "dm_mod", why: "the hook `encrypt` needs it"))
        request(ModuleRequest(name: "dm_crypt", why: "the hook `encrypt` needs it"))
        var why = "cipher in the LUKS header of \(root.source), asked for by"
        var ciphers = root.ciphers ?? []
        if ciphers.isEmpty {
            why = "cipher that LUKS volumes usually have, asked for by"
            ciphers = ["aes-xts-plain64", "aes-cbc-essiv:sha256"]
            request(
                possible: modules.map { ModuleFamily.ciphers.names(in: $0) } ?? [],
                why: "a cipher of some LUKS volume", isLoaded: false)
        }
        request(
            possible: ["dm_integrity"], why: "LUKS volumes with checksums need it",
            isLoaded: false)
        for cipher in ciphers {
            for module in ModuleCompanions.modules(forCipher: cipher, why) { request(module) }
        }
    }

    func addArrays() async throws {
        try await addProgram("mdadm", package: "mdadm")
        request(ModuleRequest(name: "md_mod", why: "the hook `mdadm_udev` needs it"))
        let known = root.arrays.keys.sorted()
        let why =
            known.isEmpty
            ? "level that arrays usually have" : "level in the superblock of \(root.source)"
        for level in known.isEmpty ? [0, 1, 10, 5] : known {
            guard let name = Self.raidModule(level) else { continue }
            // Measuring its checksums takes seconds, so that one waits until it is asked for.
            let isLoaded = level != 5 || !known.isEmpty
            request(
                ModuleRequest(name: name, why: why, isOptional: known.isEmpty), isLoaded: isLoaded)
        }
        var text = "HOMEHOST <ignore>\n"
        let numbers = root.arrays.sorted { $0.key < $1.key }.flatMap(\.value).filter { !$0.isEmpty }
        for (number, uuid) in numbers.enumerated() {
            text += "ARRAY /dev/md\(number) UUID=\(uuid)\n"
        }
        try tree.addFile("/etc/mdadm/mdadm.conf", text: text)
        try tree.addSymlink("/etc/mdadm.conf", target: "mdadm/mdadm.conf")
    }

    /// drivers/md: the personality of a level.
    private static func raidModule(_ level: Int) -> String? {
        switch level {
        case 0: "raid0"
        case 1: "raid1"
        case 4, 5, 6: "raid456"
        case 10: "raid10"
        case -1: "linear"
        default: nil
        }
    }

    /// The kernel asks for the compressor of the image that it finds (kernel/power/hibernate.c).
    func addHibernation() {
        request(
            possible: ["crypto-lzo", "crypto-lz4"], why: "compression of hibernation images",
            isLoaded: false)
    }

    func addVolumes() async throws {
        try await addProgram("lvm", package: "lvm2")
        request(ModuleRequest(name: "dm_mod", why: "the hook `lvm2` needs it"))
        request(
            possible: [
                "dm_snapshot", "dm_mirror", "dm_thin_pool", "dm_cache", "dm_cache_smq",
                "dm_writecache", "dm_raid", "raid0", "raid1", "raid10", "raid456", "dm_integrity",
                "dm_vdo",
            ],
            why: "kind of volume that LVM makes", isLoaded: false)
        try tree.addFile(
            "/etc/lvm/lvm.conf",
            text: "activation { monitoring = 0\n udev_sync = 0\n udev_rules = 0 }\n"
                + "devices { use_devicesfile = 0 }\n")
    }
}
