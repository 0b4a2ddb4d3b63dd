import Glibc
import SystemPackage

/// Where the partitions of a disk, or of an image of one, begin.
enum PartitionTable {
    private static let sector: UInt64 = 512
    /// More than any real table has.
    private static let mostRows = 128

    /// Whether there is nothing but zeros where all that is known leaves a mark.
    static func isEmpty(_ disk: FilePath) throws -> Bool {
        try readSmallFile(disk, limit: 1 << 17).allSatisfy { $0 == 0 }
    }

    /// Reads a GPT (UEFI specification, 5.3), or else the four primary partitions of an MBR.
    ///
    /// - Returns: offsets in bytes; none where there is no table.
    /// - Throws: `Errno` where the disk cannot be read.
    static func starts(of disk: FilePath) throws(Errno) -> [UInt64] {
        let descriptor = disk.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        defer { close(descriptor) }
        func bytes(_ offset: UInt64, _ count: Int) -> LittleEndianBytes {
            LittleEndianBytes(
                [UInt8](unsafeUninitializedCapacity: count) { space, filled in
                    filled = max(
                        0, pread(descriptor, space.baseAddress, count, off_t(clamping: offset)))
                })
        }
        let record = bytes(0, 512)
        guard record.u16(510) == 0xaa55 else { return [] }
        let header = bytes(sector, 92)
        guard header.hasBytes("EFI PART", at: 0) else {
            // A row: type at 4, first sector at 8.
            return (0..<4).map { 446 + 16 * $0 }.compactMap { row in
                guard record.bytes[row + 4] != 0, let first = record.u32(row + 8), first > 0
                else { return nil }
                return UInt64(first) * sector
            }
        }
        guard let table = header.u64(72), let size = header.u32(84), (128...4096).contains(size)
        else { return [] }
        let count = min(mostRows, Int(header.u32(80) ?? 0))
        return (0..<count).compactMap { number in
            let row = bytes(table &* sector &+ UInt64(number) * UInt64(size), 48)
            // Its type is 0 in a row that is free.
            guard let low = row.u64(0), let high = row.u64(8), low | high != 0 else { return nil }
            return row.u64(32).map { $0 &* sector }
        }
    }
}
