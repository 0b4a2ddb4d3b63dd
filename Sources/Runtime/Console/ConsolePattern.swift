/// One thing to wait for on a console.
public struct ConsolePattern: Sendable {
    enum Kind: Sendable {
        case literal([UInt8])
        case lua(LuaPattern)
    }

    /// Whose text a pattern is looked for in.
    public enum Scope: Sendable {
        /// What programs and firmware write.
        case program
        /// The kernel's own lines, one at a time.
        case kernel
        case both
    }

    let kind: Kind
    /// Whose text it is looked for in. By itself `both` for a pattern that spells out a word of
    /// three letters; a prompt such as `# ` would find itself in the kernel's lines.
    public var scope: Scope
    /// As the recipe wrote it, for messages.
    public let source: String

    /// Makes a pattern that matches these bytes and nothing else.
    ///
    /// CR LF inside counts as LF, since that is how the console's text is matched.
    ///
    /// - Throws: ``ConsoleError/badPattern(pattern:reason:)`` where it is empty.
    public static func literal(_ bytes: [UInt8]) throws(ConsoleError) -> ConsolePattern {
        let source = String(decoding: bytes, as: UTF8.self)
        guard !bytes.isEmpty else {
            throw .badPattern(pattern: source, reason: "an empty pattern matches anywhere")
        }
        return ConsolePattern(
            kind: .literal(foldingLineEnds(bytes)), scope: hasWord(bytes) ? .both : .program,
            source: source)
    }

    /// Makes a pattern that matches this text and nothing else.
    public static func literal(_ text: String) throws(ConsoleError) -> ConsolePattern {
        try literal(Array(text.utf8))
    }

    /// Makes a pattern with the meaning of Lua 5.4's `string.find`.
    ///
    /// `^` is the end of the previous match; `$` is where the output pauses or ends.
    ///
    /// - Throws: ``ConsoleError/badPattern(pattern:reason:)`` where it is malformed.
    public static func lua(_ bytes: [UInt8]) throws(ConsoleError) -> ConsolePattern {
        let source = String(decoding: bytes, as: UTF8.self)
        guard !bytes.isEmpty else {
            throw .badPattern(pattern: source, reason: "an empty pattern matches anywhere")
        }
        return ConsolePattern(
            kind: .lua(try LuaPattern(bytes)), scope: hasWord(bytes) ? .both : .program,
            source: source)
    }

    /// Makes a pattern with the meaning of Lua 5.4's `string.find`.
    public static func lua(_ text: String) throws(ConsoleError) -> ConsolePattern {
        try lua(Array(text.utf8))
    }

    /// Whether three letters stand together; in a Lua pattern, `%a` is none.
    private static func hasWord(_ bytes: [UInt8]) -> Bool {
        var run = 0
        var isEscaped = false
        for byte in bytes {
            let isLetter = byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A
            run = isLetter && !isEscaped ? run + 1 : 0
            if run == 3 { return true }
            isEscaped = byte == UInt8(ascii: "%")
        }
        return false
    }

    private static func foldingLineEnds(_ bytes: [UInt8]) -> [UInt8] {
        var folded: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            let endsLine = byte == .carriageReturn && bytes[(index + 1)...].first == .lineFeed
            if !endsLine { folded.append(byte) }
        }
        return folded
    }
}

extension UInt8 {
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let escape: UInt8 = 0x1B
    static let bracket: UInt8 = 0x5B
    static let space: UInt8 = 0x20

    var isDigit: Bool { self &- 0x30 < 10 }
}
