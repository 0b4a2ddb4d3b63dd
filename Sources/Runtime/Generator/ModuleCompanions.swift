/// A module that is wanted, with why.
struct ModuleRequest: Sendable, Equatable {
    /// A module, or an alias.
    var name: String
    /// In words that end the sentence "it is here because …"; a module's name may follow.
    var why: String
    /// The module that this one goes with.
    var user: String?
    /// Whether a kernel without it is no error.
    var isOptional = false
}

/// What modules need at run time and no file says: devices without a transport, disks without the
/// driver for disks, ciphers that are asked for by name when a volume is opened.
///
/// Gathered from the kernel's sources: `request_module` and the buses' own matching.
enum ModuleCompanions {
    /// The companions of one module, those that come first in front.
    static func of(_ file: KernelModuleFile, _ info: ModuleInfo) -> [ModuleRequest] {
        var requests: [ModuleRequest] = []
        func add(_ names: [String], _ why: String) {
            requests += names.map {
                ModuleRequest(name: $0, why: why, user: file.name, isOptional: true)
            }
        }
        if info.aliases.contains(where: { $0.hasPrefix("virtio:") }) {
            add(["virtio_pci", "virtio_mmio", "virtio_ccw"], "transport of the virtio device of")
        }
        if isDiskHost(file, info) { add(["sd_mod"], "driver of the disks behind") }
        if let names = byName[file.name] { add(names.names, names.why) }
        return requests
    }

    /// A driver of something that disks hang on: SCSI hosts, ATA, USB storage.
    private static func isDiskHost(_ file: KernelModuleFile, _ info: ModuleInfo) -> Bool {
        if ["usb_storage", "uas", "virtio_scsi"].contains(file.name) { return true }
        let isHost = ["/drivers/ata/", "/drivers/scsi/", "/drivers/message/"]
            .contains { file.location.contains($0) }
        return isHost && info.aliases.contains { $0.hasPrefix("pci:") || $0.hasPrefix("vmbus:") }
    }

    private static let byName: [String: (names: [String], why: String)] = [
        "ext4": (["crypto-crc32c"], "checksum of the file system of"),
        "btrfs": (
            ["crypto-crc32c", "crypto-xxhash64", "crypto-sha256", "crypto-blake2b-256"],
            "checksum of the file system of"
        ),
        "f2fs": (["crypto-crc32"], "checksum of the file system of"),
        "vfat": (["nls_cp437", "nls_iso8859-1", "nls_ascii"], "names of files on"),
        "overlay": ([], ""),
        "usbhid": (["hid_generic"], "driver of the keyboards behind"),
        "xhci_hcd": (["xhci_pci"], "PCI part of"),
        "ehci_hcd": (["ehci_pci"], "PCI part of"),
    ]

    /// What the kernel asks for when it opens a volume with a cipher such as `aes-xts-plain64`
    /// (`crypt_alloc_tfms` in drivers/md/dm-crypt.c): the mode, the cipher, what makes the
    /// initialisation vector.
    static func modules(forCipher cipher: String, _ why: String) -> [ModuleRequest] {
        let spec = cipher.hasPrefix("capi:") ? String(cipher.dropFirst(5)) : cipher
        let words = spec.split { "-:(),".contains($0) }.map(String.init)
        // "null" and the vectors that dm-crypt makes itself are no modules.
        let own: Set = ["plain", "plain64", "plain64be", "benbi", "null", "random", "eboiv"]
        var names = words.filter { !own.contains($0) && !$0.isEmpty }
        if names.contains("essiv") { names += ["cbc"] }
        // xts and lrw do their last block by ecb, which only a softdep of some kernels says.
        if names.contains("xts") || names.contains("lrw") { names.insert("ecb", at: 0) }
        return names.map {
            ModuleRequest(
                name: "crypto-\($0)", why: why, user: "dm_crypt", isOptional: true)
        }
    }
}
