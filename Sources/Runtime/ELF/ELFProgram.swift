/// What the kernel and the dynamic linker read of an ELF program or library: the System V ABI's
/// file header, program headers and dynamic section, in either word size and byte order.
///
/// Nothing in the file is trusted: what lies outside its bytes counts as absent.
public struct ELFProgram: Sendable, Equatable {
    /// The machine and word size, which a program and its libraries share.
    public var machine: Arch.ELFIdentity
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

    private static let largestSection = 1 << 16
    private static let longestText = 4096

    /// Reads the headers.
    ///
    /// - Parameter read: up to `count` bytes at an offset; fewer at the end of what is known.
    /// - Returns: nil where there is no ELF header.
    init?(read: (_ offset: Int, _ count: Int) -> [UInt8]) {
        guard let head = ELFHeader(read: read) else { return nil }
        machine = head.identity
        isObject = head.type == .relocatable
        if let name = head.interpreter, let start = Int(exactly: name.lowerBound),
            name.upperBound - name.lowerBound <= Self.longestText
        {
            let text = read(start, name.count).prefix { $0 != 0 }
            if !text.isEmpty { interpreter = Array(text) }
        }
        readDynamic(head, read)
    }

    /// The same from the first bytes of a file, as far as they go.
    init?(_ bytes: [UInt8]) { self.init { offset, count in bytes.part(at: offset, count) } }
}

extension ELFProgram {
    private mutating func readDynamic(_ head: ELFHeader, _ read: (Int, Int) -> [UInt8]) {
        guard let table = head.segments.first(where: { $0.type == 2 })?.range,
            let start = Int(exactly: table.lowerBound)
        else { return }
        let size = min(table.upperBound - table.lowerBound, UInt64(Self.largestSection))
        let raw = head.fields.with(read(start, Int(size)))
        let word = raw.isWide ? 8 : 4
        var names: [(tag: UInt64, at: UInt64)] = []
        var texts: UInt64?
        var at = 0
        while let tag = raw.word(at), tag != 0, let value = raw.word(at + word) {
            if tag == 5 { texts = value }
            if tag == 1 || tag == 15 || tag == 29 { names.append((tag, value)) }
            at += 2 * word
        }
        guard let texts, let start = Self.offset(of: texts, head.segments) else { return }
        for (tag, at) in names {
            let (place, overflow) = start.addingReportingOverflow(at)
            guard !overflow, let place = Int(exactly: place) else { continue }
            let name = Array(read(place, Self.longestText).prefix { $0 != 0 })
            guard !name.isEmpty else { continue }
            switch tag {
            case 1: needed.append(name)
            case 15: rpath = name
            default: runpath = name
            }
        }
    }

    /// Where an address lies in the file: in which of the segments that are loaded.
    private static func offset(of address: UInt64, _ segments: [ELFHeader.Segment]) -> UInt64? {
        for segment in segments where segment.type == 1 && address >= segment.address {
            let inside = address - segment.address
            let size = segment.range.upperBound - segment.range.lowerBound
            if inside < size { return segment.range.lowerBound + inside }
        }
        return nil
    }
}

extension Arch.ELFIdentity {
    /// The usual name of a machine number.
    static func name(ofMachine number: UInt16) -> String {
        let names: [UInt16: String] = [
            3: "i386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64",
            183: "arm64", 243: "riscv", 258: "loong64",
        ]
        return names[number] ?? "ELF machine \(number)"
    }

    /// The usual name of the machine.
    var machineName: String { Self.name(ofMachine: machine) }
}
