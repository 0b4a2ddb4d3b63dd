/// The fields of an ELF file header that tell a kernel from a program, a module and a library.
///
/// Layout as in elf(5).
struct ELFHeader {
    enum Kind: UInt16 {
        case relocatable = 1
        case executable = 2
        case shared = 3
    }

    let type: Kind?
    let arch: Arch?
    /// Where the dynamic loader's path stands, for a program that needs one.
    let interpreter: Range<UInt64>?
    /// End of the furthest segment or table: the least length the file can have.
    let promisedSize: UInt64

    init?(_ bytes: LittleEndianBytes) {
        guard bytes.hasBytes("\u{7f}ELF", at: 0), let wide = bytes.u8(4).map({ $0 == 2 }),
            let big = bytes.u8(5).map({ $0 == 2 })
        else { return nil }
        let fields = Fields(bytes: bytes, is64Bit: wide, isBigEndian: big)
        guard let machine = fields.u16(18) else { return nil }
        let identity = Arch.ELFIdentity(machine: machine, is64Bit: wide, isBigEndian: big)
        type = fields.u16(16).flatMap(Kind.init)
        arch = Arch.all.first { $0.elf == identity }
        let segments = fields.segments
        interpreter = segments.first { $0.type == 3 }.map { $0.range }
        promisedSize = (segments.map { $0.range.upperBound } + [fields.sectionTableEnd]).max() ?? 0
    }

    /// In words that end the sentence "it is …".
    var whatItIs: String {
        switch type {
        case .relocatable: "a kernel module or an object file"
        case .executable, .shared: "a program for Linux, not the kernel"
        case nil: "an ELF file, but not an executable one"
        }
    }

    private struct Fields {
        let bytes: LittleEndianBytes
        let is64Bit: Bool
        let isBigEndian: Bool

        func u16(_ offset: Int) -> UInt16? {
            bytes.u16(offset).map { isBigEndian ? $0.byteSwapped : $0 }
        }

        private func u32(_ offset: Int) -> UInt32? {
            bytes.u32(offset).map { isBigEndian ? $0.byteSwapped : $0 }
        }

        private func word(_ offset: Int) -> UInt64? {
            if !is64Bit { return u32(offset).map(UInt64.init) }
            return bytes.u64(offset).map { isBigEndian ? $0.byteSwapped : $0 }
        }

        /// Program headers that lie within the bytes at hand; `e_phoff` follows the file header.
        var segments: [(type: UInt32, range: Range<UInt64>)] {
            guard let start = word(is64Bit ? 32 : 28), start < 65_536,
                let size = u16(is64Bit ? 54 : 42), let count = u16(is64Bit ? 56 : 44)
            else { return [] }
            return (0..<Int(count)).compactMap { index in
                let base = Int(start) + index * Int(size)
                guard let type = u32(base), let offset = word(base + (is64Bit ? 8 : 4)),
                    let length = word(base + (is64Bit ? 32 : 16))
                else { return nil }
                let end = offset.addingReportingOverflow(length)
                return (type, offset..<(end.overflow ? .max : end.partialValue))
            }
        }

        var sectionTableEnd: UInt64 {
            guard let start = word(is64Bit ? 40 : 32), let size = u16(is64Bit ? 58 : 46),
                let count = u16(is64Bit ? 60 : 48)
            else { return 0 }
            return start.addingReportingOverflow(UInt64(size) * UInt64(count)).partialValue
        }
    }
}
