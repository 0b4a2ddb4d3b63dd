/// The call in whose options table the end of a text is: `qsh.machine.boot { memory = "1G", ke`.
struct CallInProgress {
    /// The function as it was written.
    private(set) var function = ""
    /// The keys of the tables around the innermost one: `{ "smp" }` in `boot { smp = { `.
    private(set) var path: [String] = []
    /// The keys that the innermost table has already.
    private(set) var given: Set<String> = []
    /// The key whose value the end of the text is; nil where a key is expected.
    private(set) var valueOf: String?
    /// The beginning of the name at the end.
    private(set) var begun = ""

    /// Nil where the text does not end in a table that is an argument.
    init?(_ tokens: [LuaTokens.Token]) {
        var tokens = tokens[...]
        if let last = tokens.last, last.isName {
            begun = last.text
            tokens.removeLast()
        } else if let quote = tokens.last?.text.first, quote == "\"" || quote == "'" {
            tokens.removeLast()
        }
        guard let open = Self.openBracket(tokens), tokens[open].text == "{" else { return nil }
        let inside = tokens[(open + 1)...]
        given = Self.keys(of: inside)
        if inside.last?.text == "=" {
            valueOf = inside.dropLast().last?.text
        } else if let last = inside.last, last.text != ",", last.text != ";" {
            return nil
        }
        var start = open
        // The tables around it, as long as they are values of keys.
        while start >= tokens.startIndex + 2, tokens[start - 1].text == "=",
            let outer = Self.openBracket(tokens[..<start]), tokens[outer].text == "{"
        {
            path.insert(tokens[start - 2].text, at: 0)
            start = outer
        }
        guard let end = Self.endOfFunction(tokens, before: start) else { return nil }
        function = Self.name(tokens[..<end])
        if function.isEmpty { return nil }
    }

    /// The innermost bracket that is open at the end.
    private static func openBracket(_ tokens: ArraySlice<LuaTokens.Token>) -> Int? {
        var depth = 0
        for index in tokens.indices.reversed() {
            switch tokens[index].text {
            case "}", ")", "]": depth += 1
            case "{", "(", "[":
                if depth == 0 { return index }
                depth -= 1
            default: break
            }
        }
        return nil
    }

    private static func keys(of tokens: ArraySlice<LuaTokens.Token>) -> Set<String> {
        var keys: Set<String> = []
        var depth = 0
        for index in tokens.indices {
            switch tokens[index].text {
            case "{", "(", "[": depth += 1
            case "}", ")", "]": depth -= 1
            case "=" where depth == 0 && index > tokens.startIndex:
                keys.insert(tokens[index - 1].text)
            default: break
            }
        }
        return keys
    }

    /// Where the name of the function ends whose argument starts at `index`.
    private static func endOfFunction(
        _ tokens: ArraySlice<LuaTokens.Token>, before index: Int
    ) -> Int? {
        guard index > tokens.startIndex else { return nil }
        if tokens[index - 1].isName { return index }
        guard ["(", ","].contains(tokens[index - 1].text),
            let open = openBracket(tokens[..<index]), tokens[open].text == "("
        else { return nil }
        return open
    }

    /// The dotted name at the end.
    private static func name(_ tokens: ArraySlice<LuaTokens.Token>) -> String {
        var parts: [String] = []
        var wantsName = true
        for token in tokens.reversed() {
            guard wantsName ? token.isName : token.text == "." || token.text == ":" else { break }
            parts.insert(token.text, at: 0)
            wantsName.toggle()
        }
        return wantsName ? "" : parts.joined()
    }
}
