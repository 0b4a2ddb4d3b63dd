/// A table that is written out in a recipe, as far as its own keys go.
struct RecipeTable {
    struct Entry {
        var key: String
        /// Where the key stands.
        var index: Int
        /// Where the value starts.
        var value: Int
        /// The value, where it is a string without escapes and nothing else.
        var text: String?
    }

    private(set) var entries: [Entry] = []

    /// - Parameter open: where its brace is.
    init(_ tokens: [LuaTokens.Token], at open: Int) {
        var entries: [Entry] = []
        tokens.walkBrackets(from: open) { index, depth in
            guard depth == 1, ["{", ",", ";"].contains(tokens[index - 1].text) else { return }
            if let entry = Self.entry(tokens, at: index) { entries.append(entry) }
        }
        self.entries = entries
    }

    /// The value of a key, where it is a plain string.
    func text(_ key: String) -> String? { entries.first { $0.key == key }?.text }

    private static func entry(_ tokens: [LuaTokens.Token], at index: Int) -> Entry? {
        if tokens[index].isName, tokens.text(index + 1) == "=", tokens.text(index + 2) != "=" {
            return Entry(
                key: tokens[index].text, index: index, value: index + 2,
                text: plainText(tokens, index + 2))
        }
        guard tokens[index].text == "[", tokens.text(index + 2) == "]",
            tokens.text(index + 3) == "=", let key = unquoted(tokens.text(index + 1))
        else { return nil }
        return Entry(
            key: key, index: index + 1, value: index + 4, text: plainText(tokens, index + 4))
    }

    private static func plainText(_ tokens: [LuaTokens.Token], _ index: Int) -> String? {
        [",", ";", "}"].contains(tokens.text(index + 1)) ? unquoted(tokens.text(index)) : nil
    }

    private static func unquoted(_ text: String) -> String? {
        guard let quote = text.first, quote == "\"" || quote == "'", text.count >= 2,
            text.last == quote, !text.contains("\\")
        else { return nil }
        return String(text.dropFirst().dropLast())
    }
}

/// The arguments of a call, as far as where each starts goes.
struct RecipeArguments {
    private(set) var starts: [Int] = []
    /// Behind the last.
    private(set) var end: Int

    /// - Parameter open: the bracket; or the table or string that is the only argument.
    init(_ tokens: [LuaTokens.Token], at open: Int) {
        let isList = tokens[open].text == "("
        var starts = isList ? [] : [open]
        end = open + 1
        guard isList || tokens[open].text == "{" else {
            self.starts = starts
            return
        }
        end = tokens.walkBrackets(from: open) { index, depth in
            guard isList, depth == 1, tokens[index].text != ")" else { return }
            if ["(", ","].contains(tokens[index - 1].text) { starts.append(index) }
        }
        self.starts = starts
    }
}

/// A call of the API with its options written out.
struct RecipeCall {
    /// `qsh.machine.boot`
    var function: String
    /// Counts from 1.
    var line: Int
    var table: RecipeTable
}

extension [LuaTokens.Token] {
    /// The token's text; empty beyond the end.
    func text(_ index: Int) -> String { indices.contains(index) ? self[index].text : "" }

    /// Visits what is inside a bracket, with how deep it is; the bodies of functions are left
    /// out, since their commas and equals signs belong to statements.
    ///
    /// - Returns: the index behind the bracket that closes it.
    @discardableResult
    func walkBrackets(from open: Int, _ visit: (_ index: Int, _ depth: Int) -> Void) -> Int {
        var depth = 0
        var index = open
        while index < count {
            if depth > 0 { visit(index, depth) }
            switch self[index].text {
            case "(", "{", "[": depth += 1
            case ")", "}", "]": depth -= 1
            case "function": index = endOfFunction(at: index)
            default: break
            }
            index += 1
            if depth == 0 { return index }
        }
        return count
    }

    /// Where the `end` is that closes the function at `start`.
    func endOfFunction(at start: Int) -> Int {
        var blocks = 0
        for index in start..<count {
            switch self[index].text {
            // `for` and `while` have a `do` of their own.
            case "function", "if", "do", "repeat": blocks += 1
            case "end", "until": blocks -= 1
            default: break
            }
            if blocks == 0 { return index }
        }
        return count
    }
}
