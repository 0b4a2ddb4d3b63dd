import SystemPackage

extension Command {
    /// The command line for a POSIX shell, ready to paste: folder, variables, program, arguments.
    public var shellQuoted: String {
        var parts = words.map { Self.shellQuoted($0) }
        if !environment.isEmpty {
            let changes = environment.sorted { $0.key < $1.key }.flatMap { name, value in
                value.map { [Self.shellQuoted("\(name)=\($0)")] } ?? ["-u", Self.shellQuoted(name)]
            }
            parts = ["env"] + changes + parts
        } else if words.first?.contains(UInt8(ascii: "=")) == true {
            // A shell would take a first word such as a=b for an assignment.
            parts.insert("env", at: 0)
        }
        let line = parts.joined(separator: " ")
        guard let workingDirectory else { return line }
        return "cd \(Self.shellQuoted(workingDirectory.platformBytes)) && \(line)"
    }

    /// One word for a POSIX shell: bare where nothing in it is special.
    public static func shellQuoted(_ word: String) -> String { shellQuoted(Array(word.utf8)) }

    /// One word for a POSIX shell, correct for every byte but NUL, and printable.
    ///
    /// Printable text is put in single quotes; other bytes come out of printf(1), since `$'…'` is
    /// not known to every shell (dash of Debian 12).
    public static func shellQuoted(_ word: [UInt8]) -> String {
        if !word.isEmpty, word.allSatisfy(isPlain) { return String(decoding: word, as: UTF8.self) }
        if String(validating: word, as: UTF8.self) != nil, !word.contains(where: isControl) {
            return singleQuoted(word)
        }
        var quoted = ""
        var rest = word[...]
        while let first = rest.first {
            // Newlines stay literal: a command substitution would drop those at its end.
            let isOdd = isControl(first) || first >= 0x80
            let run = rest.prefix { (isControl($0) || $0 >= 0x80) == isOdd }
            rest = rest.dropFirst(run.count)
            quoted += isOdd ? printf(run) : singleQuoted(Array(run))
        }
        return quoted
    }

    private static func printf(_ bytes: ArraySlice<UInt8>) -> String {
        let octal = bytes.map { byte in
            let digits = String(byte, radix: 8)
            return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }
        return "\"$(printf '\(octal.joined())')\""
    }

    private static func singleQuoted(_ bytes: [UInt8]) -> String {
        "'" + String(decoding: bytes, as: UTF8.self).replacing("'", with: #"'\''"#) + "'"
    }

    private static func isControl(_ byte: UInt8) -> Bool {
        (byte < 0x20 && byte != UInt8(ascii: "\n")) || byte == 0x7f
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_./=:,+@%".utf8.contains(byte)
        }
    }
}
