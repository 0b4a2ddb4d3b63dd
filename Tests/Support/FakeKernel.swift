/// Headers of kernel images, without a kernel behind them.
public enum FakeKernel {
    /// A bzImage of 64 KiB whose header promises exactly that.
    public static func bzImage(is64Bit: Bool = true) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        put(&bytes, 0x1f1, [3])
        put(&bytes, 0x1f4, little(UInt32((65_536 - 4 * 512) / 16)))
        put(&bytes, 0x1fe, [0x55, 0xaa])
        put(&bytes, 0x202, Array("HdrS".utf8) + little(UInt16(0x20f)))
        put(&bytes, 0x20e, little(UInt16(0x300)))
        put(&bytes, 0x236, [is64Bit ? 0x3f : 0x02, 0])
        put(&bytes, 0x500, Array("6.1.0-test-amd64 (builder@host) #1 SMP\0".utf8))
        return bytes
    }

    /// A file that holds one magic and zeroes.
    public static func with(_ magic: String, at offset: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: offset + 64)
        put(&bytes, offset, Array(magic.utf8))
        return bytes
    }

    /// 512 bytes of a 32-bit Arm image that claims to end at `end`.
    public static func zImage(end: UInt32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        put(&bytes, 0x24, little(UInt32(0x016f_2818)) + little(UInt32(0)) + little(end))
        return bytes
    }

    /// An ELF file with one segment, little-endian.
    public static func elf(
        machine: UInt16, is64Bit: Bool = true, type: UInt16 = 2, segmentType: UInt32 = 1
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        put(&bytes, 0, Array("\u{7f}ELF".utf8) + [is64Bit ? 2 : 1, 1, 1])
        put(&bytes, 16, little(type) + little(machine))
        put(&bytes, is64Bit ? 32 : 28, little(UInt32(64)))
        put(&bytes, is64Bit ? 54 : 42, little(UInt16(is64Bit ? 56 : 32)) + little(UInt16(1)))
        put(&bytes, 64, little(segmentType))
        return bytes
    }

    /// An EFI program with a compressed payload.
    public static func efiZboot(machine: UInt16) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        put(&bytes, 0, Array("MZ".utf8))
        put(&bytes, 4, Array("zimg".utf8) + little(UInt32(256)) + little(UInt32(128)))
        put(&bytes, 0x3c, little(UInt32(0x80)))
        put(&bytes, 0x80, Array("PE\0\0".utf8) + little(machine))
        return bytes
    }

    /// An EFI program with these sections, in their order (a unified kernel image).
    public static func efiProgram(_ sections: [(name: String, bytes: [UInt8])]) -> [UInt8] {
        let table = 0x80 + 24
        var bytes = [UInt8](repeating: 0, count: 1024)
        put(&bytes, 0, Array("MZ".utf8))
        put(&bytes, 0x3c, little(UInt32(0x80)))
        put(&bytes, 0x80, Array("PE\0\0".utf8) + little(UInt16(0x8664)))
        put(&bytes, 0x86, little(UInt16(sections.count)))
        for (index, section) in sections.enumerated() {
            let row = table + index * 40
            let stored = (section.bytes.count + 511) / 512 * 512
            put(&bytes, row, Array(section.name.utf8))
            put(&bytes, row + 8, little(UInt32(section.bytes.count)))
            put(&bytes, row + 16, little(UInt32(stored)))
            put(&bytes, row + 20, little(UInt32(bytes.count)))
            bytes += section.bytes + [UInt8](repeating: 0, count: stored - section.bytes.count)
        }
        return bytes
    }

    private static func put(_ bytes: inout [UInt8], _ offset: Int, _ value: [UInt8]) {
        bytes.replaceSubrange(offset..<offset + value.count, with: value)
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
