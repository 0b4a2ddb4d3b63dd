/// A little ELF file of 64 bits with a dynamic section, for tests of who needs what.
struct ELFSample {
    var needed: [String]
    var interpreter: String?
    var rpath: String?
    var runpath: String?
    var machine: UInt16 = 62
    /// More names in `.dynstr`.
    var strings: [String] = []
    /// The text of a `.note.dlopen`.
    var dlopen: String?

    /// Everything is mapped at its offset, so that addresses are offsets.
    var bytes: [UInt8] {
        var names: [UInt8] = [0]
        func name(_ text: String) -> Int {
            let at = names.count
            names += Array(text.utf8) + [0]
            return at
        }
        var dynamic: [(Int, Int)] = needed.map { (1, name($0)) }
        if let rpath { dynamic.append((15, name(rpath))) }
        if let runpath { dynamic.append((29, name(runpath))) }
        for text in strings { _ = name(text) }
        let note: [UInt8] = dlopen.map(Self.note) ?? []
        let interp: [UInt8] = interpreter.map { Array($0.utf8) + [0] } ?? []
        let namesAt = 64 + 3 * 56
        let interpAt = namesAt + names.count
        let noteAt = (interpAt + interp.count + 7) / 8 * 8
        let dynamicAt = (noteAt + note.count + 7) / 8 * 8
        dynamic += [(5, namesAt), (10, names.count), (0, 0)]
        let titles = Array("\0.dynstr\0.note.dlopen\0.shstrtab\0".utf8)
        let titlesAt = dynamicAt + dynamic.count * 16
        let sectionsAt = (titlesAt + titles.count + 7) / 8 * 8
        let end = sectionsAt + 4 * 64
        var out = [UInt8](repeating: 0, count: end)
        func put(_ at: Int, _ value: Int, _ size: Int) {
            for index in 0..<size {
                out[at + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
            }
        }
        out.replaceSubrange(0..<7, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
        put(16, 3, 2)
        put(18, Int(machine), 2)
        put(32, 64, 8)
        put(40, sectionsAt, 8)
        put(54, 56, 2)
        put(56, 3, 2)
        put(58, 64, 2)
        put(60, 4, 2)
        put(62, 3, 2)
        let segments = [
            (1, 0, end), (2, dynamicAt, dynamic.count * 16),
            (interpreter == nil ? 0 : 3, interpAt, interp.count),
        ]
        for (index, (type, at, size)) in segments.enumerated() {
            let base = 64 + index * 56
            put(base, type, 4)
            put(base + 8, at, 8)
            put(base + 16, at, 8)
            put(base + 32, size, 8)
        }
        out.replaceSubrange(namesAt..<namesAt + names.count, with: names)
        out.replaceSubrange(interpAt..<interpAt + interp.count, with: interp)
        out.replaceSubrange(noteAt..<noteAt + note.count, with: note)
        for (index, (tag, value)) in dynamic.enumerated() {
            put(dynamicAt + index * 16, tag, 8)
            put(dynamicAt + index * 16 + 8, value, 8)
        }
        out.replaceSubrange(titlesAt..<titlesAt + titles.count, with: titles)
        let sections = [
            (1, namesAt, names.count), (9, noteAt, note.count), (22, titlesAt, titles.count),
        ]
        for (index, (title, at, size)) in sections.enumerated() {
            let base = sectionsAt + (index + 1) * 64
            put(base, title, 4)
            put(base + 24, at, 8)
            put(base + 32, size, 8)
        }
        return out
    }

    private static func note(_ text: String) -> [UInt8] {
        let body = Array(text.utf8) + [0]
        let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
        func number(_ value: Int) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        return number(4) + number(body.count) + number(0x407c_0c0a) + Array("FDO\0".utf8) + padded
    }
}
