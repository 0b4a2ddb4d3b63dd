/// Finds a section of an ELF file by name: elf(5), either word size and byte order.
///
/// Nothing in the file is trusted: each offset and length is checked by whoever reads.
struct ELFSection {
    /// Where its bytes lie in the file.
    let range: Range<UInt64>

    /// - Parameter read: returns exactly `count` bytes at an offset, or nil.
    init?(_ name: String, read: (_ offset: UInt64, _ count: Int) -> [UInt8]?) {
        guard let head = read(0, 64).map(LittleEndianBytes.init), head.hasBytes("\u{7f}ELF", at: 0)
        else { return nil }
        let wide = head.u8(4) == 2
        let isBigEndian = head.u8(5) == 2
        let fileHeader = Fields(bytes: head, isBigEndian: isBigEndian, is64Bit: wide)
        guard let table = fileHeader.word(wide ? 40 : 32),
            let size = fileHeader.u16(wide ? 58 : 46).map(Int.init), size >= (wide ? 64 : 40),
            let count = fileHeader.u16(wide ? 60 : 48).map(Int.init), count > 0,
            let namesIndex = fileHeader.u16(wide ? 62 : 50).map(Int.init), namesIndex < count,
            let raw = read(table, size * count).map(LittleEndianBytes.init)
        else { return nil }
        let sections = Fields(bytes: raw, isBigEndian: isBigEndian, is64Bit: wide)
        guard let names = sections.section(namesIndex, size: size), names.count < 1 << 20,
            let texts = read(names.lowerBound, names.count).map(LittleEndianBytes.init)
        else { return nil }
        for index in 0..<count {
            guard let start = sections.u32(index * size),
                texts.text(at: Int(start), limit: 256) == name,
                let range = sections.section(index, size: size)
            else { continue }
            self.range = range
            return
        }
        return nil
    }

    private struct Fields {
        let bytes: LittleEndianBytes
        let isBigEndian: Bool
        let is64Bit: Bool

        func u16(_ offset: Int) -> UInt16? {
            bytes.u16(offset).map { isBigEndian ? $0.byteSwapped : $0 }
        }

        func u32(_ offset: Int) -> UInt32? {
            bytes.u32(offset).map { isBigEndian ? $0.byteSwapped : $0 }
        }

        func word(_ offset: Int) -> UInt64? {
            if !is64Bit { return u32(offset).map(UInt64.init) }
            return bytes.u64(offset).map { isBigEndian ? $0.byteSwapped : $0 }
        }

        /// `sh_offset` and `sh_size` of a section header.
        func section(_ index: Int, size: Int) -> Range<UInt64>? {
            guard let start = word(index * size + (is64Bit ? 24 : 16)),
                let length = word(index * size + (is64Bit ? 32 : 20)), length < 1 << 40
            else { return nil }
            let end = start.addingReportingOverflow(length)
            return end.overflow ? nil : start..<end.partialValue
        }
    }
}
