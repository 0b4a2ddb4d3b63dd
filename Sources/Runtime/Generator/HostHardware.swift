import Glibc
import SystemPackage

/// What this machine is made of, as its kernel shows it below `/sys`.
struct HostHardware: Sendable {
    /// Names by which the kernel asks for drivers.
    private(set) var aliases: Set<String> = []
    /// Drivers at work.
    private(set) var drivers: Set<String> = []
    /// What its root lies on.
    private(set) var root = RootStack()
    /// `GenuineIntel`, `AuthenticAMD`; empty where it does not say.
    private(set) var processorVendor = ""

    /// - Parameter folder: where `sys` and `proc` are, for tests.
    init(_ folder: String = "") {
        walk("\(folder)/sys/devices", depth: 0)
        root = Self.root(folder)
        let text = Self.text("\(folder)/proc/cpuinfo", 4096)
        for line in text.split(separator: "\n") where line.hasPrefix("vendor_id") {
            processorVendor = line.split(separator: " ").last.map(String.init) ?? ""
            break
        }
    }

    private mutating func walk(_ folder: String, depth: Int) {
        for entry in FileTree.entries(of: folder) {
            let path = "\(folder)/\(entry.name)"
            if entry.isFolder {
                // Hundreds of blocks of memory, none of which has a driver.
                if depth < 24, entry.name != "memory" { walk(path, depth: depth + 1) }
            } else if entry.name == "modalias" {
                let alias = Self.text(path, 4096).split(separator: "\n").first
                if let alias { aliases.insert(String(alias)) }
            } else if entry.name == "uevent" {
                for line in Self.text(path, 4096).split(separator: "\n")
                where line.hasPrefix("DRIVER=") {
                    drivers.insert(KernelModuleFile.canonical(line.dropFirst(7)))
                }
            }
        }
    }

    /// Follows the root's device downwards: dm and md devices list what they lie on.
    private static func root(_ folder: String) -> RootStack {
        var stack = RootStack()
        stack.source = "this machine's root"
        let mounts = text("\(folder)/proc/self/mountinfo", 1 << 18).split(separator: "\n")
        guard
            let mount = mounts.last(where: {
                let words = $0.split(separator: " ")
                return words.count > 4 && words[4] == "/"
            }), let mark = mount.firstRange(of: " - ")
        else { return stack }
        let words = mount.split(separator: " ")
        let type = mount[mark.upperBound...].split(separator: " ").first.map(String.init) ?? ""
        // Containers have roots that no disk has.
        if !["overlay", "rootfs", "tmpfs", "9p", "virtiofs", "nfs", "nfs4"].contains(type) {
            stack.fileSystem = type
        }
        stack.descend("\(folder)/sys/dev/block/\(words[2])", depth: 0)
        return stack
    }

    fileprivate static func text(_ path: String, _ limit: Int) -> String {
        let bytes = (try? readSmallFile(FilePath(path), limit: limit)) ?? []
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension RootStack {
    fileprivate mutating func descend(_ device: String, depth: Int) {
        guard depth < 8 else { return }
        let kind = HostHardware.text("\(device)/dm/uuid", 256)
        let slaves = FileTree.names(in: FilePath("\(device)/slaves"))
        if kind.hasPrefix("LVM-") { hasLVM = true }
        if kind.hasPrefix("CRYPT-") {
            ciphers = ciphers ?? []
            for name in slaves {
                if case .luks(_, let found)? = try? Superblock.read(FilePath("/dev/\(name)")) {
                    ciphers?.append(contentsOf: found)
                }
            }
        }
        let level = HostHardware.text("\(device)/md/level", 32).split(separator: "\n").first ?? ""
        if level.hasPrefix("raid"), let number = Int(level.dropFirst(4)) {
            arrays[number, default: []].append("")
        }
        for name in slaves { descend("\(device)/slaves/\(name)", depth: depth + 1) }
    }
}
