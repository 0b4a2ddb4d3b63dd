/// Numbers of an ELF file: of its own word size and byte order (elf(5)).
///
/// Nothing in the file is trusted: what lies outside of the bytes is nil.
struct ELFFields {
    private static let magic: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]

    let bytes: [UInt8]
    /// Whether addresses have 64 bits.
    let isWide: Bool
    /// Whether numbers have their highest byte first.
    let isBig: Bool

    /// Whether these are the first bytes of an ELF file.
    static func starts(_ bytes: some Sequence<UInt8>) -> Bool { bytes.starts(with: magic) }

    /// Takes the first bytes of a file; nil where they are no ELF file's.
    init?(head bytes: [UInt8]) {
        guard Self.starts(bytes), bytes.count > 5 else { return nil }
        self.init(bytes: bytes, isWide: bytes[4] == 2, isBig: bytes[5] == 2)
    }

    private init(bytes: [UInt8], isWide: Bool, isBig: Bool) {
        self.bytes = bytes
        self.isWide = isWide
        self.isBig = isBig
    }

    /// Other bytes of the same file.
    func with(_ bytes: [UInt8]) -> ELFFields {
        ELFFields(bytes: bytes, isWide: isWide, isBig: isBig)
    }

    func u16(_ offset: Int) -> UInt16? {
        number(offset, size: 2).map { UInt16(truncatingIfNeeded: $0) }
    }

    func u32(_ offset: Int) -> UInt32? {
        number(offset, size: 4).map { UInt32(truncatingIfNeeded: $0) }
    }

    /// An address, offset or size.
    func word(_ offset: Int) -> UInt64? { number(offset, size: isWide ? 8 : 4) }

    /// The field of a structure whose layout differs with the word size.
    func word(wide: Int, narrow: Int, from base: Int = 0) -> UInt64? {
        word(base + (isWide ? wide : narrow))
    }

    /// The same for a field of two bytes.
    func u16(wide: Int, narrow: Int) -> UInt16? { u16(isWide ? wide : narrow) }

    private func number(_ offset: Int, size: Int) -> UInt64? {
        guard offset >= 0, offset <= bytes.count - size else { return nil }
        var value: UInt64 = 0
        for index in 0..<size {
            value = value << 8 | UInt64(bytes[offset + (isBig ? index : size - 1 - index)])
        }
        return value
    }
}
