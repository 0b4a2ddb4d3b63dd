/// What the kernel and the dynamic linker read of an ELF program or library: the System V ABI's
/// file header, program headers and dynamic section, in either word size and byte order.
///
/// Nothing in the file is trusted: what lies outside its bytes counts as absent.
public struct ElfProgram: Sendable, Equatable {
    /// The machine and word size, which a program and its libraries share.
    public struct Machine: Sendable, Equatable {
        /// `e_machine`.
        public var number: UInt16
        /// Whether addresses have 64 bits.
        public var isWide: Bool
        /// Whether numbers have their highest byte first.
        public var isBig = false
    }

    /// What it runs on.
    public var machine: Machine
    /// Whether it is a relocatable object, as kernel modules are.
    public var isObject = false
    /// The dynamic linker's path; nil for a static program and for a library.
    public var interpreter: [UInt8]?
    /// Libraries that it asks for, in its order.
    public var needed: [[UInt8]] = []
    /// `DT_RPATH`: folders to search, for its libraries' libraries too.
    public var rpath: [UInt8] = []
    /// `DT_RUNPATH`: folders to search for its own libraries.
    public var runpath: [UInt8] = []

    private static let magic: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]
    private static let mostSegments = 512
    private static let largestSection = 1 << 16
    private static let longestText = 4096

    /// Whether these are the first bytes of an ELF file.
    static func starts(_ bytes: some Sequence<UInt8>) -> Bool { bytes.starts(with: magic) }

    /// Reads the headers.
    ///
    /// - Parameter read: up to `count` bytes at an offset; fewer at the end of what is known.
    /// - Returns: nil where there is no ELF header.
    init?(read: (_ offset: Int, _ count: Int) -> [UInt8]) {
        let head = read(0, 64)
        guard head.count >= 52, Self.starts(head) else { return nil }
        let fields = Fields(bytes: head, isWide: head[4] == 2, isBig: head[5] == 2)
        guard let number = fields.number(at: 18, size: 2), let type = fields.number(at: 16, size: 2)
        else { return nil }
        machine = Machine(
            number: UInt16(truncatingIfNeeded: number), isWide: fields.isWide, isBig: fields.isBig)
        isObject = type == 1
        let segments = Self.segments(fields, read)
        if let name = segments.first(where: { $0.type == 3 }), name.size <= Self.longestText {
            let text = read(name.offset, name.size).prefix { $0 != 0 }
            if !text.isEmpty { interpreter = Array(text) }
        }
        if let table = segments.first(where: { $0.type == 2 }) {
            readDynamic(table, segments, fields, read)
        }
    }

    /// The same from the first bytes of a file, as far as they go.
    init?(_ bytes: [UInt8]) {
        self.init { offset, count in
            offset < bytes.count ? Array(bytes[offset..<min(bytes.count, offset + count)]) : []
        }
    }

    /// The usual name of a machine number.
    static func machineName(_ machine: UInt16) -> String {
        let names: [UInt16: String] = [
            3: "i386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64",
            183: "arm64", 243: "riscv", 258: "loong64",
        ]
        return names[machine] ?? "ELF machine \(machine)"
    }
}

extension ElfProgram {
    private struct Segment {
        var type: Int
        var offset: Int
        var address: Int
        var size: Int
    }

    private static func segments(
        _ head: Fields, _ read: (Int, Int) -> [UInt8]
    ) -> [Segment] {
        let wide = head.isWide
        guard let table = head.number(at: wide ? 32 : 28, size: wide ? 8 : 4),
            let size = head.number(at: wide ? 54 : 42, size: 2), size >= (wide ? 56 : 32),
            let count = head.number(at: wide ? 56 : 44, size: 2), count <= mostSegments
        else { return [] }
        let raw = head.with(read(table, size * count))
        return (0..<count).compactMap { index in
            let at = index * size
            let word = wide ? 8 : 4
            guard let type = raw.number(at: at, size: 4),
                let offset = raw.number(at: at + (wide ? 8 : 4), size: word),
                let address = raw.number(at: at + (wide ? 16 : 8), size: word),
                let length = raw.number(at: at + (wide ? 32 : 16), size: word)
            else { return nil }
            return Segment(type: type, offset: offset, address: address, size: length)
        }
    }

    private mutating func readDynamic(
        _ table: Segment, _ segments: [Segment], _ head: Fields, _ read: (Int, Int) -> [UInt8]
    ) {
        let word = head.isWide ? 8 : 4
        let raw = head.with(read(table.offset, min(table.size, Self.largestSection)))
        var names: [(tag: Int, at: Int)] = []
        var texts: Int?
        var at = 0
        while let tag = raw.number(at: at, size: word), tag != 0,
            let value = raw.number(at: at + word, size: word)
        {
            if tag == 5 { texts = value }
            if tag == 1 || tag == 15 || tag == 29 { names.append((tag, value)) }
            at += 2 * word
        }
        guard let texts, let start = Self.offset(of: texts, segments) else { return }
        for (tag, at) in names {
            let (place, overflow) = start.addingReportingOverflow(at)
            let name = overflow ? [] : Array(read(place, Self.longestText).prefix { $0 != 0 })
            guard !name.isEmpty else { continue }
            switch tag {
            case 1: needed.append(name)
            case 15: rpath = name
            default: runpath = name
            }
        }
    }

    /// Where an address lies in the file: in which of the segments that are loaded.
    private static func offset(of address: Int, _ segments: [Segment]) -> Int? {
        for segment in segments where segment.type == 1 && address >= segment.address {
            let inside = address - segment.address
            guard inside < segment.size else { continue }
            let (offset, overflow) = segment.offset.addingReportingOverflow(inside)
            return overflow ? nil : offset
        }
        return nil
    }

    /// Numbers of the file's own size and byte order.
    private struct Fields {
        var bytes: [UInt8]
        let isWide: Bool
        let isBig: Bool

        func with(_ bytes: [UInt8]) -> Fields {
            Fields(bytes: bytes, isWide: isWide, isBig: isBig)
        }

        /// Never negative; nil where the bytes end, or where it does not fit.
        func number(at offset: Int, size: Int) -> Int? {
            guard offset >= 0, offset <= bytes.count - size else { return nil }
            var value: UInt64 = 0
            for index in 0..<size {
                value = value << 8 | UInt64(bytes[offset + (isBig ? index : size - 1 - index)])
            }
            return Int(exactly: value)
        }
    }
}
