/// The header of an ELF file with its table of segments: elf(5), either word size and byte order.
struct ELFHeader {
    enum Kind: UInt16 {
        case relocatable = 1
        case executable = 2
        case shared = 3
    }

    /// A part of the file that is mapped, or that a loader reads.
    struct Segment {
        /// `p_type`.
        var type: UInt32
        /// Where its bytes lie in the file.
        var range: Range<UInt64>
        /// Where they are mapped.
        var address: UInt64
    }

    /// A table of the file: where it starts, and the size and number of its rows.
    struct Table {
        var start: UInt64
        var rowSize: Int
        var count: Int
    }

    private static let mostSegments = 512

    let type: Kind?
    /// The machine, word size and byte order.
    let identity: Arch.ELFIdentity
    /// For tables of the same file.
    let fields: ELFFields
    /// Those whose headers are among the bytes that were to be had.
    let segments: [Segment]
    /// The table of sections; nil where there is none.
    let sections: Table?

    /// Reads the headers.
    ///
    /// - Parameter read: up to `count` bytes at an offset; fewer at the end of what is known.
    /// - Returns: nil where there is no ELF header.
    init?(read: (_ offset: Int, _ count: Int) -> [UInt8]) {
        let head = read(0, 64)
        guard let fields = ELFFields(head: head), let machine = fields.u16(18),
            let kind = fields.u16(16), head.count >= 52
        else { return nil }
        self.fields = fields
        type = Kind(rawValue: kind)
        identity = Arch.ELFIdentity(
            machine: machine, is64Bit: fields.isWide, isBigEndian: fields.isBig)
        segments = Self.segments(fields, read)
        sections = Self.table(
            fields, start: (40, 32), size: (58, 46), count: (60, 48),
            least: fields.isWide ? 64 : 40)
    }

    /// The same from the first bytes of a file, as far as they go.
    init?(_ bytes: [UInt8]) { self.init { offset, count in bytes.part(at: offset, count) } }

    /// What it runs on; nil for what qsh does not know.
    var arch: Arch? { Arch.all.first { $0.elf == identity } }

    /// Where the dynamic loader's path stands, for a program that needs one.
    var interpreter: Range<UInt64>? { segments.first { $0.type == 3 }?.range }

    /// End of the furthest segment or table: the least length the file can have.
    var promisedSize: UInt64 {
        let table = sections.map {
            $0.start.addingReportingOverflow(UInt64($0.rowSize * $0.count)).partialValue
        }
        return (segments.map(\.range.upperBound) + [table ?? 0]).max() ?? 0
    }

    /// In words that end the sentence "it is …".
    var whatItIs: String {
        switch type {
        case .relocatable: "a kernel module or an object file"
        case .executable, .shared: "a program for Linux, not the kernel"
        case nil: "an ELF file, but not an executable one"
        }
    }

    private static func table(
        _ fields: ELFFields, start: (Int, Int), size: (Int, Int), count: (Int, Int), least: Int
    ) -> Table? {
        guard let start = fields.word(wide: start.0, narrow: start.1),
            let size = fields.u16(wide: size.0, narrow: size.1), size >= least,
            let count = fields.u16(wide: count.0, narrow: count.1), count > 0
        else { return nil }
        return Table(start: start, rowSize: Int(size), count: Int(count))
    }

    private static func segments(
        _ fields: ELFFields, _ read: (Int, Int) -> [UInt8]
    ) -> [Segment] {
        guard
            let table = table(
                fields, start: (32, 28), size: (54, 42), count: (56, 44),
                least: fields.isWide ? 56 : 32),
            table.count <= mostSegments, let start = Int(exactly: table.start)
        else { return [] }
        let raw = fields.with(read(start, table.rowSize * table.count))
        return (0..<table.count).compactMap { index in
            let at = index * table.rowSize
            guard let type = raw.u32(at), let offset = raw.word(wide: 8, narrow: 4, from: at),
                let address = raw.word(wide: 16, narrow: 8, from: at),
                let length = raw.word(wide: 32, narrow: 16, from: at)
            else { return nil }
            let end = offset.addingReportingOverflow(length)
            return Segment(
                type: type, range: offset..<(end.overflow ? .max : end.partialValue),
                address: address)
        }
    }
}

extension [UInt8] {
    /// Up to `count` bytes from an offset on; fewer at the end.
    func part(at offset: Int, _ count: Int) -> [UInt8] {
        guard offset >= 0, offset < self.count, count > 0 else { return [] }
        return Array(self[offset..<Swift.min(self.count, offset + Swift.min(count, self.count))])
    }
}
