/// Makes top-level `local` variables of a REPL's input globals.
///
/// Each input is a chunk of its own, so a local variable would be gone at the next prompt, and one
/// with `<close>` be closed at once: a line taken from a recipe would do nothing. `local` is
/// therefore taken away where it stands outside every block, with its attributes. Columns and
/// lines stay what they were.
struct PromptLocals {
    /// The input as it is to be run.
    private(set) var text: String
    /// Whether a `local` was taken away.
    private(set) var hasLocals = false
    /// Variables that were to be closed at the end of their block.
    private(set) var closed: [String] = []

    private struct Edit {
        var range: Range<Int>
        var text: [UInt8]
    }

    private var edits: [Edit] = []

    init(_ text: String) {
        self.text = text
        // Almost every input ends here.
        guard text.contains("local") else { return }
        let bytes = Array(text.utf8)
        let tokens = LuaTokens(bytes).all
        var depth = 0
        var index = 0
        while index < tokens.count {
            switch tokens[index].text {
            case "function", "do", "if", "repeat": depth += 1
            case "end", "until": depth -= 1
            case "local" where depth == 0: expose(tokens, at: index, in: bytes)
            default: break
            }
            index += 1
        }
        apply(to: bytes)
    }

    private mutating func expose(_ tokens: [LuaTokens.Token], at start: Int, in bytes: [UInt8]) {
        var index = start + 1
        func text(_ offset: Int = 0) -> String {
            index + offset < tokens.count ? tokens[index + offset].text : ""
        }
        var changes = [blank(tokens[start].range)]
        if text() != "function" {
            var closing: [String] = []
            while true {
                let name = text()
                guard name != "_ENV", name.first.map({ $0.isLetter || $0 == "_" }) == true else {
                    return
                }
                index += 1
                if text() == "<", text(2) == ">" {
                    if text(1) == "close" { closing.append(name) }
                    changes.append(
                        blank(tokens[index].range.lowerBound..<tokens[index + 2].range.upperBound))
                    index += 3
                }
                guard text() == "," else { break }
                index += 1
            }
            if text() != "=" {
                let end = tokens[index - 1].range.upperBound
                changes.append(Edit(range: end..<end, text: Array(" = nil".utf8)))
            }
            closed += closing
        }
        edits += changes
        hasLocals = true
    }

    private func blank(_ range: Range<Int>) -> Edit {
        Edit(range: range, text: Array(repeating: UInt8(ascii: " "), count: range.count))
    }

    private mutating func apply(to bytes: [UInt8]) {
        var bytes = bytes
        for edit in edits.reversed() { bytes.replaceSubrange(edit.range, with: edit.text) }
        text = String(decoding: bytes, as: UTF8.self)
    }
}

/// Names and single characters of Lua text; strings and comments are passed over.
///
/// The lexical rules are those of section 3.1 of the Lua 5.4 manual.
struct LuaTokens {
    struct Token {
        var text: String
        var range: Range<Int>
    }

    private(set) var all: [Token] = []
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
            skipString(first)
        case UInt8(ascii: "[") where skipLongBracket():
            break
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
        position += 1
        while position < bytes.count, byte() != quote, byte() != UInt8(ascii: "\n") {
            position += byte() == UInt8(ascii: "\\") ? 2 : 1
        }
        position = min(position + 1, bytes.count)
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
