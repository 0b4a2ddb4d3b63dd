/// Names, strings and single characters of Lua text; comments are passed over.
///
/// The lexical rules are those of section 3.1 of the Lua 5.4 manual.
struct LuaTokens {
    struct Token {
        /// A string's with its quotes.
        var text: String
        var range: Range<Int>

        var isName: Bool { text.utf8.first.map(LuaTokens.isName) ?? false }
    }

    private(set) var all: [Token] = []
    /// Where the last string starts, if the text ends within it.
    private(set) var openString: Int?
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        while position < bytes.count { step() }
    }

    private func byte(_ offset: Int = 0) -> UInt8 {
        position + offset < bytes.count ? bytes[position + offset] : 0
    }

    private mutating func step() {
        let first = byte()
        switch first {
        case UInt8(ascii: "-") where byte(1) == first:
            position += 2
            if !skipLongBracket() { skip { $0 != UInt8(ascii: "\n") } }
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            let start = position
            skipString(first)
            add(start)
        case UInt8(ascii: "[") where opensLongBracket:
            let start = position
            _ = skipLongBracket()
            add(start)
        case _ where Self.isName(first):
            let start = position
            skip(while: Self.isName)
            add(start)
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
            position += 1
        default:
            position += 1
            add(position - 1)
        }
    }

    private mutating func add(_ start: Int) {
        let range = start..<position
        all.append(Token(text: String(decoding: bytes[range], as: UTF8.self), range: range))
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private mutating func skip(while condition: (UInt8) -> Bool) {
        while position < bytes.count, condition(bytes[position]) { position += 1 }
    }

    private mutating func skipString(_ quote: UInt8) {
        let start = position
        position += 1
        while position < bytes.count, byte() != quote, byte() != UInt8(ascii: "\n") {
            position += byte() == UInt8(ascii: "\\") ? 2 : 1
        }
        if position >= bytes.count { openString = start }
        position = min(position + 1, bytes.count)
    }

    private var opensLongBracket: Bool {
        var copy = self
        return copy.skipLongBracket()
    }

    /// - Returns: false, having skipped nothing, where no long bracket opens here.
    private mutating func skipLongBracket() -> Bool {
        guard byte() == UInt8(ascii: "[") else { return false }
        var level = 0
        while byte(level + 1) == UInt8(ascii: "=") { level += 1 }
        guard byte(level + 1) == UInt8(ascii: "[") else { return false }
        position += level + 2
        let equals = Array(repeating: UInt8(ascii: "="), count: level)
        let end = [UInt8(ascii: "]")] + equals + [UInt8(ascii: "]")]
        while position < bytes.count, !bytes[position...].starts(with: end) { position += 1 }
        position = min(position + end.count, bytes.count)
        return true
    }
}
