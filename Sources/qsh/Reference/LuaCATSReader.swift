/// Reads stubs in LuaCATS notation (luals.github.io/wiki/annotations): comments before empty
/// functions and tables.
struct LuaCATSReader {
    private(set) var reference = APIReference()
    /// Classes of objects, by the local that carries their methods.
    private var objects: [String: String] = [:]
    /// The comment so far.
    private var text: [String] = []
    private var parameters: [APIReference.Parameter] = []
    private var results = ""
    private var resultText = ""
    /// Whether fields may follow.
    private var isInClass = false

    init(_ texts: [String]) {
        for text in texts {
            objects = [:]
            forget()
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                read(line)
            }
        }
    }

    private mutating func read(_ line: Substring) {
        if line.hasPrefix("---@") {
            readTag(line.dropFirst(4))
        } else if line.hasPrefix("---|") {
            return
        } else if line.hasPrefix("---") {
            let words = line.dropFirst(3)
            text.append(String(words.first == " " ? words.dropFirst() : words))
        } else if line.hasPrefix("function ") {
            addFunction(line.dropFirst(9))
            forget()
        } else if line.hasPrefix("local ") {
            objects[String(Self.word(line.dropFirst(6)).word)] = reference.classes.last?.name
            forget()
        } else if let end = line.firstRange(of: " = {}") {
            if isInClass, !reference.classes.isEmpty {
                reference.classes[reference.classes.count - 1].module =
                    String(line[..<end.lowerBound])
            }
            forget()
        } else {
            forget()
        }
    }

    private mutating func forget() {
        text = []
        parameters = []
        results = ""
        resultText = ""
        isInClass = false
    }

    private mutating func readTag(_ line: Substring) {
        let (tag, rest) = Self.word(line)
        switch tag {
        case "class":
            let (word, after) = Self.word(rest)
            let hasParent = word.last == ":"
            let name = hasParent ? word.dropLast() : word
            let parent = hasParent ? String(Self.word(after).word) : nil
            reference.classes.append(.init(name: String(name), parent: parent, text: text))
            text = []
            isInClass = true
        case "field":
            let (name, after) = Self.word(rest)
            let (type, words) = Self.type(after)
            guard !reference.classes.isEmpty else { return }
            reference.classes[reference.classes.count - 1].fields.append(
                .init(
                    name: name.hasSuffix("?") ? String(name.dropLast()) : String(name),
                    type: type, isOptional: name.hasSuffix("?"), text: words))
        case "param":
            let (name, after) = Self.word(rest)
            let (type, words) = Self.type(after)
            parameters.append(
                .init(
                    name: name.hasSuffix("?") ? String(name.dropLast()) : String(name),
                    type: type, isOptional: name.hasSuffix("?"), text: words))
        case "return":
            let parts = rest.split(separator: "#", maxSplits: 1)
            let types = parts.first.map { Self.trimmed($0) } ?? ""
            results += results.isEmpty ? types : ", " + types
            if parts.count > 1 { resultText = Self.trimmed(parts[1]) }
        default: break
        }
    }

    private mutating func addFunction(_ line: Substring) {
        guard let bracket = line.firstIndex(of: "(") else { return }
        let path = line[..<bracket]
        guard let separator = path.lastIndex(where: { $0 == "." || $0 == ":" }) else { return }
        let owner = String(path[..<separator])
        reference.functions.append(
            .init(
                path: (objects[owner] ?? owner) + path[separator...], parameters: parameters,
                results: results, resultText: resultText, text: text))
    }

    private static func word(_ text: Substring) -> (word: Substring, rest: Substring) {
        let start = text.drop { $0 == " " }
        let end = start.firstIndex { $0 == " " || $0 == "=" } ?? start.endIndex
        return (start[..<end], start[end...].drop { $0 == " " })
    }

    /// A type ends at the first blank outside of brackets and quotes.
    private static func type(_ text: Substring) -> (type: String, rest: String) {
        var depth = 0
        var isQuoted = false
        var end = text.startIndex
        while end < text.endIndex {
            let character = text[end]
            if character == "\"" { isQuoted.toggle() }
            if !isQuoted {
                if "<([{".contains(character) { depth += 1 }
                if ">)]}".contains(character) { depth -= 1 }
                if character == " ", depth == 0 {
                    // `fun(a: string): boolean`
                    guard text[..<end].hasSuffix(":") else { break }
                }
            }
            end = text.index(after: end)
        }
        return (String(text[..<end]), trimmed(text[end...]))
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
