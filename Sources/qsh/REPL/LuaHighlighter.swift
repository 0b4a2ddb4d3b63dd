import CEditlineShims

/// Finds what the characters of a Lua text are, for colours.
///
/// The lexical rules are those of section 3.1 of the Lua 5.4 manual. A text that is being typed
/// may end in the middle of anything.
struct LuaHighlighter {
    typealias Character = UInt32

    private let text: UnsafeBufferPointer<Character>
    private var styles: UnsafeMutableBufferPointer<UInt8>
    private var position = 0

    private static let keywords: Set<String> = [
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if",
        "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
    ]

    static func fill(
        _ styles: UnsafeMutableBufferPointer<UInt8>, for text: UnsafeBufferPointer<Character>
    ) {
        var highlighter = LuaHighlighter(text: text, styles: styles)
        highlighter.run()
    }

    private init(
        text: UnsafeBufferPointer<Character>, styles: UnsafeMutableBufferPointer<UInt8>
    ) {
        self.text = text
        self.styles = styles
    }

    private mutating func run() {
        // `:save FILE` and `?name` are the prompt's own.
        if at("?") || (at(":") && !at(":", 1)) {
            skip { $0 != "\n" }
            mark(from: 0, QEDIT_COMMAND)
        }
        while position < text.count { step() }
    }

    private mutating func step() {
        let start = position
        let style: Int
        if at("-"), at("-", 1) {
            position += 2
            if !skipLongBracket() { skip { $0 != "\n" } }
            style = QEDIT_COMMENT
        } else if at("\"") || at("'") {
            skipString(text[position])
            style = QEDIT_STRING
        } else if at("["), skipLongBracket() {
            style = QEDIT_STRING
        } else if isNameStart(text[position]) {
            skip { Self.isName($0) }
            style = Self.keywords.contains(word(from: start)) ? QEDIT_KEYWORD : QEDIT_PLAIN
        } else if Self.isDigit(scalar(position)) {
            skip { Self.isName($0) || $0 == "." }
            style = QEDIT_NUMBER
        } else {
            position += 1
            style = QEDIT_PLAIN
        }
        mark(from: start, style)
    }

    private func mark(from start: Int, _ style: Int) {
        for index in start..<position { styles[index] = UInt8(style) }
    }

    private func scalar(_ index: Int) -> Unicode.Scalar {
        (index < text.count ? Unicode.Scalar(text[index]) : nil) ?? " "
    }

    private func at(_ wanted: Unicode.Scalar, _ offset: Int = 0) -> Bool {
        position + offset < text.count && text[position + offset] == wanted.value
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        scalar >= "0" && scalar <= "9"
    }

    private static func isName(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || scalar == "_" || isDigit(scalar))
    }

    private func isNameStart(_ character: Character) -> Bool {
        guard let scalar = Unicode.Scalar(character), scalar.isASCII else { return false }
        return scalar.properties.isAlphabetic || scalar == "_"
    }

    private func word(from start: Int) -> String {
        var word = ""
        for index in start..<position { word.unicodeScalars.append(scalar(index)) }
        return word
    }

    private mutating func skip(while condition: (Unicode.Scalar) -> Bool) {
        while position < text.count, condition(scalar(position)) { position += 1 }
    }

    private mutating func skipString(_ quote: Character) {
        position += 1
        while position < text.count, text[position] != quote, !at("\n") {
            position += at("\\") ? 2 : 1
        }
        position = min(position + 1, text.count)
    }

    /// - Returns: false, having skipped nothing, where no long bracket opens here.
    private mutating func skipLongBracket() -> Bool {
        guard at("[") else { return false }
        var level = 0
        while at("=", level + 1) { level += 1 }
        guard at("[", level + 1) else { return false }
        position += level + 2
        while position < text.count, !closes(level) { position += 1 }
        position = min(position + level + 2, text.count)
        return true
    }

    private func closes(_ level: Int) -> Bool {
        guard at("]"), at("]", level + 1) else { return false }
        return (0..<level).allSatisfy { at("=", $0 + 1) }
    }
}
