import QshRuntime

/// Follows every use of `qsh` in a recipe's text and holds it to the API's description.
///
/// It runs nothing. What it cannot follow (a machine passed to a function, a name that is
/// computed) it leaves alone, so that it never complains of a recipe that would work.
struct RecipeCheck {
    /// What a part of an expression stands for.
    private enum Place {
        case module(String)
        case object(String)
        case function(APIReference.Function)
        case unknown
    }

    private(set) var problems: [RecipeProblem] = []
    /// The options tables that were written out at calls of the API, for further looks.
    private(set) var calls: [RecipeCall] = []

    private let reference: APIReference
    private let tokens: [LuaTokens.Token]
    private let lines: LineIndex
    /// The class of what a name holds, where the text tells.
    private var variables: [String: String] = [:]
    /// Functions that the position is in, and what names held outside of them.
    private var scopes: [(end: Int, outside: [String: String])] = []
    private var position = 0

    init(_ text: [UInt8], _ reference: APIReference = .shared) {
        self.reference = reference
        tokens = LuaTokens(text).all
        lines = LineIndex(text)
        while position < tokens.count { step() }
    }

    private func token(_ index: Int) -> String { tokens.text(index) }

    private mutating func step() {
        let start = position
        position += 1
        let word = tokens[start]
        while let scope = scopes.last, start > scope.end {
            variables = scope.outside
            scopes.removeLast()
        }
        if word.text == "function" {
            scopes.append((tokens.endOfFunction(at: start), variables))
            return forgetParameters()
        }
        guard word.isName, ![".", ":"].contains(token(start - 1)) else { return }
        let target = assigned(before: start)
        if let target { variables[target] = nil }
        let place: Place
        if word.text == "qsh" {
            place = .module("qsh")
        } else if let known = variables[word.text], token(start + 1) != "=" {
            place = .object(known)
        } else {
            return
        }
        let result = follow(place)
        // An operator behind it makes it something else.
        if let target, case .object(let name) = result, endsExpression { variables[target] = name }
    }

    /// The name that gets the value which starts at `index`: `local m <close> = …`, `m = …`.
    private func assigned(before index: Int) -> String? {
        guard token(index - 1) == "=" else { return nil }
        var end = index - 2
        if token(end) == ">", token(end - 2) == "<" { end -= 3 }
        guard tokens.indices.contains(end), tokens[end].isName,
            ![",", ".", ":", "{"].contains(token(end - 1))
        else { return nil }
        return token(end)
    }

    private var endsExpression: Bool {
        guard position < tokens.count else { return true }
        let next = tokens[position]
        let goOn = ["and", "or"]
        return next.isName ? !goOn.contains(next.text) : [",", ";", ")", "}"].contains(next.text)
    }

    /// A parameter hides what its name held outside.
    private mutating func forgetParameters() {
        while position < tokens.count, token(position) != "(" { position += 1 }
        while position < tokens.count, token(position) != ")" {
            variables[token(position)] = nil
            position += 1
        }
    }

    // MARK: Chains

    private mutating func follow(_ start: Place) -> Place {
        var place = start
        while position < tokens.count {
            if case .unknown = place { return place }
            let next = token(position)
            if [".", ":"].contains(next), position + 1 < tokens.count, tokens[position + 1].isName {
                // `..` joins two values.
                position += 2
                place = member(token(position - 1), of: place, isMethod: next == ":")
            } else if case .function(let function) = place, startsArguments(next) {
                place = call(function)
            } else {
                return place
            }
        }
        return place
    }

    private func startsArguments(_ text: String) -> Bool {
        text == "(" || text == "{" || text.hasPrefix("\"") || text.hasPrefix("'")
            || text.hasPrefix("[[") || text.hasPrefix("[=")
    }

    private mutating func member(_ name: String, of place: Place, isMethod: Bool) -> Place {
        switch place {
        case .module(let path):
            if let function = reference.function(at: "\(path).\(name)") {
                return .function(function)
            }
            if reference.module(at: "\(path).\(name)") != nil { return .module("\(path).\(name)") }
            if let found = field(name, ofModule: path) { return found }
            unknown(name, of: path, among: members(ofModule: path))
        case .object(let type):
            if let method = method(name, of: type) {
                return isMethod ? .function(method) : .unknown
            }
            if let field = reference.fields(of: type).first(where: { $0.name == name }) {
                return object(field.type)
            }
            unknown(name, of: type, among: members(of: type))
        case .function, .unknown: break
        }
        return .unknown
    }

    private func object(_ type: String) -> Place {
        reference.classes(in: type).first.map { .object($0.name) } ?? .unknown
    }

    private func field(_ name: String, ofModule path: String) -> Place? {
        guard let module = reference.module(at: path),
            let field = reference.fields(of: module.name).first(where: { $0.name == name })
        else { return nil }
        return object(field.type)
    }

    private func method(_ name: String, of type: String) -> APIReference.Function? {
        var next: String? = type
        while let owner = next {
            if let found = reference.function(at: "\(owner):\(name)") { return found }
            next = reference.named(owner)?.parent
        }
        return nil
    }

    private func members(ofModule path: String) -> [String] {
        let fields = reference.module(at: path).map { reference.fields(of: $0.name) } ?? []
        let modules = reference.classes.compactMap(\.module)
            .filter { $0.hasPrefix(path + ".") }.map { String($0.dropFirst(path.count + 1)) }
        return reference.functions(of: path, methods: false).map(\.name) + fields.map(\.name)
            + modules
    }

    private func members(of type: String) -> [String] {
        reference.functions(of: type, methods: true).map(\.name)
            + reference.fields(of: type).map(\.name)
    }

    private mutating func unknown(_ name: String, of owner: String, among known: [String]) {
        report(
            position - 1,
            "\(owner): no field or method `\(name)`" + Self.suggestion(name, known))
    }

    private mutating func report(_ index: Int, _ message: String) {
        let line = lines.line(at: tokens[index].range.lowerBound)
        problems.append(RecipeProblem(line: line, message: message))
    }

    /// As the error that the call would raise ends.
    private static func suggestion(_ word: String, _ known: [String]) -> String {
        nearest(to: word, among: known).map { "; did you mean `\($0)`?" } ?? ""
    }

    // MARK: Calls

    private mutating func call(_ function: APIReference.Function) -> Place {
        let open = position
        let arguments = RecipeArguments(tokens, at: open)
        for (index, argument) in arguments.starts.enumerated() where token(argument) == "{" {
            guard index < function.parameters.count,
                let options = reference.options(function.parameters[index])
            else { continue }
            let table = RecipeTable(tokens, at: argument)
            check(table, options, of: function)
            let line = lines.line(at: tokens[open].range.lowerBound)
            calls.append(RecipeCall(function: function.path, line: line, table: table))
        }
        // What is inside may use the API too, so it is looked at in its turn.
        position = open + 1
        while position < arguments.end { step() }
        position = arguments.end
        return object(function.results)
    }

    private mutating func check(
        _ table: RecipeTable, _ options: APIReference.Class, of function: APIReference.Function
    ) {
        let fields = reference.fields(of: options.name)
        guard !fields.isEmpty else { return }
        for entry in table.entries {
            guard let field = fields.first(where: { $0.name == entry.key }) else {
                report(
                    entry.index,
                    "\(function.path): unknown option `\(entry.key)`"
                        + Self.suggestion(entry.key, fields.map(\.name)))
                continue
            }
            check(entry, field, of: function)
        }
    }

    private mutating func check(
        _ entry: RecipeTable.Entry, _ field: APIReference.Field,
        of function: APIReference.Function
    ) {
        if token(entry.value) == "{" {
            if let inner = reference.classes(in: field.type).first(where: { $0.module == nil }),
                !field.type.contains("[]"), !field.type.contains("table")
            {
                check(RecipeTable(tokens, at: entry.value), inner, of: function)
            }
            return
        }
        let words = APIReference.literals(in: field.type)
        guard !words.isEmpty, !field.type.contains("string"), let text = entry.text,
            !words.contains(text)
        else { return }
        let expected = words.map { "\"\($0)\"" }.joined(separator: ", ")
        report(
            entry.value,
            "\(function.path): option `\(entry.key)` expects one of \(expected), got \"\(text)\"")
    }
}

extension APIReference {
    /// The class of a parameter that takes options.
    fileprivate func options(_ parameter: Parameter) -> Class? {
        classes(in: parameter.type).first { $0.name.hasSuffix("Options") }
    }
}
