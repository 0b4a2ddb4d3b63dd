extension KernelConfig {
    /// Reads a `.config` or a fragment.
    ///
    /// A line may end in CR LF. A symbol that is set twice to the same value is taken once.
    /// - Parameter name: what the file is called in errors.
    /// - Throws: ``KernelConfigError`` for a line that is none of the syntax, and for a symbol
    ///   that gets two different values.
    public init(parsing bytes: [UInt8], name: String) throws(KernelConfigError) {
        self.init()
        var number = 0
        for line in bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
            number += 1
            let text = Self.trimmed(line)
            if text.isEmpty { continue }
            guard let entry = try Self.entry(text, line: number, of: name) else {
                readHeader(text)
                continue
            }
            if let old = self.entry(entry.name), !old.value.isSame(as: entry.value) {
                throw .contradiction(
                    entry.name,
                    .init(value: old.value, origin: .line(name, old.line)),
                    .init(value: entry.value, origin: .line(name, number)))
            }
            append(entry)
        }
    }

    /// One line; nil for a comment.
    private static func entry(
        _ line: ArraySlice<UInt8>, line number: Int, of file: String
    ) throws(KernelConfigError) -> Entry? {
        if line.first == UInt8(ascii: "#") {
            return unset(line).map { Entry(name: $0, value: .no, line: number) }
        }
        guard line.starts(with: prefix), let equals = line.firstIndex(of: UInt8(ascii: "=")) else {
            throw .badLine(file, number, String(decoding: line.prefix(80), as: UTF8.self))
        }
        let name = line[..<equals].dropFirst(prefix.count)
        guard isName(name), let value = value(line[(equals + 1)...]) else {
            throw .badLine(file, number, String(decoding: line.prefix(80), as: UTF8.self))
        }
        return Entry(name: String(decoding: name, as: UTF8.self), value: value, line: number)
    }

    /// `# CONFIG_NAME is not set`, with whatever blanks.
    private static func unset(_ line: ArraySlice<UInt8>) -> String? {
        let words = line.dropFirst().split(whereSeparator: isBlank)
        guard words.count == 4, words[0].starts(with: prefix), words[1].elementsEqual("is".utf8),
            words[2].elementsEqual("not".utf8), words[3].elementsEqual("set".utf8)
        else { return nil }
        let name = words[0].dropFirst(prefix.count)
        return isName(name) ? String(decoding: name, as: UTF8.self) : nil
    }

    private static func value(_ text: ArraySlice<UInt8>) -> Value? {
        if text.first == UInt8(ascii: "\"") { return quoted(text.dropFirst()) }
        let word = String(decoding: text, as: UTF8.self)
        switch word {
        case "y": return .yes
        case "m": return .module
        case "n": return .no
        default: return Value.writtenNumber(word).map { _ in .number(word) }
        }
    }

    private static func quoted(_ text: ArraySlice<UInt8>) -> Value? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") {
                return rest.isEmpty ? .string(String(decoding: bytes, as: UTF8.self)) : nil
            }
            if byte == UInt8(ascii: "\\"), let next = rest.popFirst() {
                bytes.append(next)
            } else {
                bytes.append(byte)
            }
        }
        return nil
    }

    /// `# Linux/x86 6.1.192 Kernel Configuration`, which `conf` writes into the third line.
    private mutating func readHeader(_ line: ArraySlice<UInt8>) {
        guard sourceArch == nil, line.starts(with: "# Linux/".utf8) else { return }
        let words = String(decoding: line.dropFirst(8), as: UTF8.self).split(separator: " ")
        guard words.count >= 3, words[2] == "Kernel" else { return }
        sourceArch = String(words[0])
        version = String(words[1])
    }

    private static let prefix = Array("CONFIG_".utf8)

    private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty
            && bytes.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5a).contains($0)
                    || (0x61...0x7a).contains($0) || $0 == UInt8(ascii: "_")
            }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var line = line
        while let last = line.last, isBlank(last) || last == 0x0d { line.removeLast() }
        while let first = line.first, isBlank(first) { line.removeFirst() }
        return line
    }
}
