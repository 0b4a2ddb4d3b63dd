/// What was typed in a session: its lines for error texts, and its successful inputs for `:save`.
struct SessionRecord {
    /// All lines so far; an error's line counts from the first one.
    private(set) var lines: [String] = []
    private var kept: [(text: String, isExpression: Bool)] = []

    /// - Returns: how many lines there were before.
    mutating func begin(_ text: String) -> Int {
        defer {
            lines += text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
        return lines.count
    }

    /// Keeps an input that succeeded.
    mutating func keep(_ text: String, isExpression: Bool) { kept.append((text, isExpression)) }

    var isEmpty: Bool { kept.isEmpty }

    /// The successful inputs as a recipe. A bare expression, which is no statement, is printed;
    /// where a later input uses `_`, the last result is kept under that name.
    var recipe: String {
        var text = "-- Saved from the prompt of qsh.\n"
        for (index, input) in kept.enumerated() {
            if usesLast(after: index) {
                text += "_ = \(input.text)\n"
            } else {
                text += input.isExpression ? "print(\(input.text))\n" : input.text + "\n"
            }
        }
        return text
    }

    /// Whether an input that comes before the next expression names `_`.
    private func usesLast(after index: Int) -> Bool {
        guard kept[index].isExpression || isCall(kept[index].text) else { return false }
        for later in kept[(index + 1)...] {
            let names = LuaTokens(Array(later.text.utf8)).all.map(\.text)
            if names.contains("_") || names.contains("_1") { return true }
            if later.isExpression || isCall(later.text) { return false }
        }
        return false
    }

    /// A call is a statement and an expression, too.
    private func isCall(_ text: String) -> Bool {
        let tokens = LuaTokens(Array(text.utf8)).all
        guard let first = tokens.first, first.isName, let last = tokens.last else { return false }
        let statements: Set = [
            "local", "function", "for", "while", "if", "do", "repeat", "return", "goto",
        ]
        guard !statements.contains(first.text), last.text == ")" || last.text == "}" else {
            return false
        }
        var depth = 0
        for token in tokens {
            if "({[".contains(token.text) { depth += 1 }
            if ")}]".contains(token.text) { depth -= 1 }
            if token.text == "=", depth == 0 { return false }
        }
        return true
    }
}
