import Glibc
import SystemPackage

/// What the first bytes of a disk, a partition or an image of one say that it is.
public enum Superblock: Sendable, Equatable {
    /// A file system, by the kernel's name for it.
    case fileSystem(String)
    /// A LUKS volume with the ciphers of its data and its key slots (`aes-xts-plain64`).
    case luks(version: Int, ciphers: [String])
    /// A member of an md array; `data` is where an array of one whole copy has its contents.
    case raid(level: Int, uuid: String, data: UInt64?)
    /// A physical volume of LVM2.
    case lvm

    /// Reads a disk or a file.
    ///
    /// - Returns: nil where nothing is recognised.
    /// - Throws: `Errno` where it cannot be read.
    static func read(_ path: FilePath, at offset: UInt64 = 0) throws(Errno) -> Superblock? {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        defer { close(descriptor) }
        let disk = Disk(descriptor: descriptor, offset: offset, end: lseek(descriptor, 0, SEEK_END))
        return disk.luks ?? disk.raid ?? disk.lvm ?? disk.fileSystem.map { .fileSystem($0) }
    }

    private struct Disk {
        let descriptor: Int32
        let offset: UInt64
        let end: off_t

        func bytes(_ at: UInt64, _ count: Int) -> LittleEndianBytes {
            LittleEndianBytes(
                [UInt8](unsafeUninitializedCapacity: count) { space, filled in
                    let got = pread(
                        descriptor, space.baseAddress, count, off_t(clamping: offset &+ at))
                    filled = max(0, got)
                })
        }

        /// LUKS1 (cryptsetup's on-disk-format.pdf) and LUKS2 (on-disk-format-luks2.pdf).
        var luks: Superblock? {
            let head = bytes(0, 512)
            guard head.hasBytes("LUKS", at: 0), head.u16(4) == 0xbeba else { return nil }
            let version = Int(head.u16(6)?.byteSwapped ?? 0)
            if version == 1 {
                let name = head.text(at: 8, limit: 32) ?? ""
                let mode = head.text(at: 40, limit: 32) ?? ""
                return .luks(version: 1, ciphers: ["\(name)-\(mode)"])
            }
            let size = Int(clamping: head.u64(8)?.byteSwapped ?? 0)
            guard (4096...4 << 20).contains(size) else { return .luks(version: 2, ciphers: []) }
            let text = bytes(4096, size - 4096).bytes.prefix { $0 != 0 }
            var found: Set<String> = []
            if let json = JSONValue(parsing: text) { json.collect("encryption", into: &found) }
            return .luks(version: version, ciphers: found.sorted())
        }

        /// Versions 1.0 to 1.2 (include/uapi/linux/raid/md_p.h); 0.90 where the end is known.
        var raid: Superblock? {
            var places: [UInt64] = [4096, 0]
            if end > 65_536 { places.append((UInt64(end) / 512 - 16) / 8 * 8 * 512) }
            for place in places {
                let block = bytes(place, 256)
                guard block.u32(0) == 0xa92b_4efc, block.u32(4) == 1,
                    let level = block.u32(72)
                else { continue }
                let signed = Int(Int32(bitPattern: level))
                let start = block.u64(128).map { $0 &* 512 }
                return .raid(
                    level: signed, uuid: Self.uuid(block.bytes, 16),
                    data: signed == 1 ? start : nil)
            }
            guard end > 131_072 else { return nil }
            let old = bytes(UInt64(end) & ~65_535 - 65_536, 64)
            guard old.u32(0) == 0xa92b_4efc, old.u32(4) == 0, let level = old.u32(28) else {
                return nil
            }
            return .raid(level: Int(Int32(bitPattern: level)), uuid: "", data: nil)
        }

        var lvm: Superblock? {
            let head = bytes(0, 2048)
            let isMember = [0, 512, 1024, 1536].contains {
                head.hasBytes("LABELONE", at: $0) && head.hasBytes("LVM2 001", at: $0 + 24)
            }
            return isMember ? .lvm : nil
        }

        var fileSystem: String? {
            let head = bytes(0, 4096)
            if head.u16(0x438) == 0xef53 { return "ext4" }
            if head.hasBytes("XFSB", at: 0) { return "xfs" }
            if head.u32(0x400) == 0xf2f5_2010 { return "f2fs" }
            if head.u32(0x400) == 0xe0f5_e1e2 { return "erofs" }
            if head.hasBytes("hsqs", at: 0) { return "squashfs" }
            if bytes(0x10040, 8).hasBytes("_BHRfS_M", at: 0) { return "btrfs" }
            if bytes(0x8001, 8).hasBytes("CD001", at: 0) { return "iso9660" }
            if head.u16(510) == 0xaa55,
                head.hasBytes("FAT", at: 0x36) || head.hasBytes("FAT", at: 0x52)
            {
                return "vfat"
            }
            return nil
        }

        /// As mdadm writes it: four words of eight digits.
        private static func uuid(_ bytes: [UInt8], _ start: Int) -> String {
            guard bytes.count >= start + 16 else { return "" }
            return stride(from: start, to: start + 16, by: 4).map { at in
                bytes[at..<at + 4].map { byte in
                    let digits = String(byte, radix: 16)
                    return digits.count == 1 ? "0" + digits : digits
                }.joined()
            }.joined(separator: ":")
        }
    }
}

extension JSONValue {
    /// The texts of all members of that name, however deep.
    fileprivate func collect(_ key: String, into found: inout Set<String>) {
        switch self {
        case .object(let members):
            for (name, value) in members {
                if name == key, let text = value.text { found.insert(text) }
                value.collect(key, into: &found)
            }
        case .array(let items):
            for item in items { item.collect(key, into: &found) }
        default: break
        }
    }
}

/// What a root lies on, from its disks upwards.
public struct RootStack: Sendable, Equatable {
    /// The file system, by the kernel's name; nil where it is not known.
    public var fileSystem: String?
    /// Ciphers of its LUKS volumes; nil where there is none.
    public var ciphers: [String]?
    /// Levels and numbers of its md arrays.
    public var arrays: [Int: [String]] = [:]
    /// Whether LVM is in it.
    public var hasLVM = false
    /// Where this is known from, for reasons: "the LUKS header of `disk.img`".
    public var source = ""

    /// Looks at disks with all their partitions, at partitions, or at images of either.
    ///
    /// - Throws: ``InitramfsError`` where one cannot be read, ``GeneratorError`` where it is
    ///   not empty and nothing on it is known.
    init(of disks: [FilePath]) throws {
        for disk in disks {
            if try look(at: disk, offset: 0, depth: 0) { continue }
            var isKnown = false
            for start in try PartitionTable.starts(of: disk) {
                if try look(at: disk, offset: start, depth: 0) { isKnown = true }
            }
            // An empty one is still to be filled, perhaps by the guest that boots.
            if try !isKnown && !PartitionTable.isEmpty(disk) {
                throw GeneratorError.unknownRoot(disk)
            }
        }
        source = disks.map { "`\($0)`" }.joined(separator: ", ")
    }

    init() {}

    /// - Returns: whether something is known there.
    @discardableResult
    private mutating func look(
        at disk: FilePath, offset: UInt64, depth: Int
    ) throws(InitramfsError) -> Bool {
        let found: Superblock?
        do throws(Errno) { found = try Superblock.read(disk, at: offset) } catch {
            throw .hostFileUnreadable(disk, reason: error.description)
        }
        switch found {
        // The one that boot loaders are read from is nobody's root beside another.
        case .fileSystem(let name): if name != "vfat" || fileSystem == nil { fileSystem = name }
        case .luks(_, let found): ciphers = (ciphers ?? []) + found
        case .lvm: hasLVM = true
        case .raid(let level, let uuid, let data):
            if arrays[level]?.contains(uuid) != true { arrays[level, default: []].append(uuid) }
            if let data, depth < 3 { try look(at: disk, offset: offset + data, depth: depth + 1) }
        case nil: return false
        }
        return true
    }
}
