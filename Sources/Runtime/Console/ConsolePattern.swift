/// One thing to wait for on a console.
public struct ConsolePattern: Sendable {
    enum Kind: Sendable {
        case literal([UInt8])
        case lua(LuaPattern)
    }

    let kind: Kind
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
        return ConsolePattern(kind: .literal(foldingLineEnds(bytes)), source: source)
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
        return ConsolePattern(kind: .lua(try LuaPattern(bytes)), source: source)
    }

    /// Makes a pattern with the meaning of Lua 5.4's `string.find`.
    public static func lua(_ text: String) throws(ConsoleError) -> ConsolePattern {
        try lua(Array(text.utf8))
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
