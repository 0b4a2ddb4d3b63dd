/// Finds a section of an ELF file by name.
///
/// Nothing in the file is trusted: each offset and length is checked by whoever reads.
struct ELFSection {
    /// Where its bytes lie in the file.
    let range: Range<UInt64>

    /// - Parameter read: returns exactly `count` bytes at an offset, or nil.
    init?(_ name: String, read: (_ offset: UInt64, _ count: Int) -> [UInt8]?) {
        // The segments are not needed, so that nothing but the header is read for them.
        guard let head = ELFHeader(read: { $0 == 0 ? read(0, $1) ?? [] : [] }),
            let table = head.sections,
            let namesIndex = head.fields.u16(wide: 62, narrow: 50).map(Int.init),
            namesIndex < table.count, let raw = read(table.start, table.rowSize * table.count)
        else { return nil }
        let rows = head.fields.with(raw)
        guard let names = Self.range(rows, at: namesIndex * table.rowSize),
            names.count < 1 << 20,
            let texts = read(names.lowerBound, names.count).map(LittleEndianBytes.init)
        else { return nil }
        for index in 0..<table.count {
            guard let start = rows.u32(index * table.rowSize),
                texts.text(at: Int(start), limit: 256) == name,
                let range = Self.range(rows, at: index * table.rowSize)
            else { continue }
            self.range = range
            return
        }
        return nil
    }

    /// `sh_offset` and `sh_size` of a section header.
    private static func range(_ rows: ELFFields, at base: Int) -> Range<UInt64>? {
        guard let start = rows.word(wide: 24, narrow: 16, from: base),
            let length = rows.word(wide: 32, narrow: 20, from: base), length < 1 << 40
        else { return nil }
        let end = start.addingReportingOverflow(length)
        return end.overflow ? nil : start..<end.partialValue
    }
}
