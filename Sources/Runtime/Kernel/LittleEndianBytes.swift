/// The beginning of a file, read by offset; nil beyond its end.
struct LittleEndianBytes {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func u8(_ offset: Int) -> UInt8? { bytes.indices.contains(offset) ? bytes[offset] : nil }
    func u16(_ offset: Int) -> UInt16? { integer(offset) }
    func u32(_ offset: Int) -> UInt32? { integer(offset) }
    func u64(_ offset: Int) -> UInt64? { integer(offset) }

    private func integer<Value: FixedWidthInteger & UnsignedInteger>(_ offset: Int) -> Value? {
        let width = Value.bitWidth / 8
        guard offset >= 0, offset <= bytes.count - width else { return nil }
        return bytes[offset..<offset + width].reversed().reduce(0) { $0 << 8 | Value($1) }
    }

    func hasBytes(_ text: String, at offset: Int) -> Bool {
        offset <= bytes.count && bytes[offset...].starts(with: text.utf8)
    }

    /// Text up to a NUL, at most `limit` bytes of it.
    func text(at offset: Int, limit: Int) -> String? {
        guard bytes.indices.contains(offset) else { return nil }
        return String(decoding: bytes[offset...].prefix(limit).prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Whether the first lines hold nothing that a text editor would not write.
    var looksLikeText: Bool {
        bytes.prefix(512).allSatisfy { $0 >= 0x20 && $0 != 0x7f || (0x09...0x0d).contains($0) }
    }
}
