/// What the first bytes of an ELF program say (the System V ABI's `Elf32_Ehdr`, `Elf64_Ehdr`).
struct ElfHead {
    private static let programInterpreter = 3

    /// `e_machine`.
    let machine: UInt16
    /// The dynamic linker's path; nil for a static program, or where it lies beyond the bytes.
    let interpreter: [UInt8]?

    /// - Returns: nil where the bytes are no ELF header.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 64, bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else { return nil }
        let reader = Fields(bytes: bytes, isWide: bytes[4] == 2, isBig: bytes[5] == 2)
        guard let machine = reader.number(at: 18, size: 2) else { return nil }
        self.machine = UInt16(truncatingIfNeeded: machine)
        interpreter = reader.interpreter(type: Self.programInterpreter)
    }

    /// The usual name of a machine number.
    static func machineName(_ machine: UInt16) -> String {
        let names: [UInt16: String] = [
            3: "i386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64",
            183: "arm64", 243: "riscv", 258: "loong64",
        ]
        return names[machine] ?? "ELF machine \(machine)"
    }

    private struct Fields {
        let bytes: [UInt8]
        let isWide: Bool
        let isBig: Bool

        func number(at offset: Int, size: Int) -> Int? {
            guard offset >= 0, offset + size <= bytes.count else { return nil }
            let field = bytes[offset..<offset + size]
            let ordered = isBig ? Array(field) : field.reversed()
            let value = ordered.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Int(exactly: value)
        }

        func interpreter(type: Int) -> [UInt8]? {
            guard let table = number(at: isWide ? 32 : 28, size: isWide ? 8 : 4),
                let size = number(at: isWide ? 54 : 42, size: 2),
                let count = number(at: isWide ? 56 : 44, size: 2), table < bytes.count
            else { return nil }
            for index in 0..<count {
                let entry = table + index * size
                guard let found = number(at: entry, size: 4) else { return nil }
                guard found == type else { continue }
                guard let start = number(at: entry + (isWide ? 8 : 4), size: isWide ? 8 : 4),
                    let length = number(at: entry + (isWide ? 32 : 16), size: isWide ? 8 : 4),
                    start < bytes.count, length < bytes.count, start + length <= bytes.count
                else { return nil }
                return Array(bytes[start..<start + length].prefix { $0 != 0 })
            }
            return nil
        }
    }
}
