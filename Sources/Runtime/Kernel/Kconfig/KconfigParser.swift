import Glibc

/// Reads the Kconfig files of a source tree, as scripts/kconfig/parser.y does.
///
/// Knows the language from 3.x to 7.2. A statement that it does not understand is noted in
/// ``KconfigTree/findings`` and left out, since a half answer is better than none.
struct KconfigParser {
    /// What `depends on` and the like belong to.
    private enum Entry {
        case none
        case definition(Int)
        /// A choice: its definition, and the block of its members.
        case choice(Int, block: Int)
        case menu(block: Int)
        case comment
    }

    private var tree = KconfigTree()
    private var macros: KconfigMacros
    private let root: String
    private var entry = Entry.none
    private var block = 0
    private var openFiles: [String] = []

    /// Reads the tree for one architecture.
    ///
    /// - Parameters:
    ///   - root: the source tree.
    ///   - environment: what the files refer to: `SRCARCH`, `ARCH`, `CC`; `srctree` is added.
    static func parse(_ root: String, environment: [String: String]) -> KconfigTree {
        var environment = environment
        environment["srctree"] = root
        var parser = KconfigParser(root: root, environment: environment)
        parser.read("Kconfig")
        let makefile = KconfigFile.contents("\(root)/Makefile") ?? []
        if let version = KernelVersion(makefile: String(decoding: makefile, as: UTF8.self)) {
            parser.tree.promptsGuardChoices = (version.major, version.minor) < (6, 11)
        }
        parser.tree.commands = parser.macros.commands
        return parser.tree
    }

    private init(root: String, environment: [String: String]) {
        self.root = root
        macros = KconfigMacros(environment: environment)
    }

    private mutating func read(_ file: String) {
        guard !openFiles.contains(file), openFiles.count < 64,
            let bytes = KconfigFile.contents("\(root)/\(file)")
        else {
            tree.findings.append("\(file): cannot be read")
            return
        }
        openFiles.append(file)
        let outer = (file: macros.file, line: macros.line)
        macros.file = file
        tree.files.append(file)
        let number = Int32(tree.files.count - 1)
        var lexer = KconfigLexer(bytes)
        while let line = lexer.next(&macros) {
            if let (kind, value) = line.assignment, case .word(let name) = line.tokens[0] {
                macros.set(name, kind, to: value)
                continue
            }
            let location = KconfigLocation(file: number, line: Int32(line.number))
            if line.tokens[0] == .word("help") || line.tokens[0] == .word("---help---") {
                lexer.skipHelp()
                continue
            }
            var statement = Statement(tokens: line.tokens[...], location: location)
            if !parse(&statement) {
                tree.findings.append("\(tree.place(location)): not understood")
            }
        }
        openFiles.removeLast()
        (macros.file, macros.line) = outer
    }

    /// False where the statement is none that is known.
    private mutating func parse(_ line: inout Statement) -> Bool {
        guard let keyword = line.word() else { return false }
        switch keyword {
        case "config", "menuconfig": return define(&line)
        case "source": return source(&line)
        case "osource", "rsource", "orsource": return false
        case "menu": return open(&line, .init(parent: block)) { .menu(block: $0) }
        case "if":
            guard let condition = line.condition(&tree) else { return false }
            let inner = KconfigBlock(parent: block, conditions: [condition])
            return open(&line, inner) { _ in .none }
        case "choice": return choice(&line)
        case "endmenu", "endif", "endchoice":
            block = tree.blocks[block].parent ?? 0
            entry = .none
            return true
        case "comment", "mainmenu":
            entry = .comment
            return true
        default: return option(keyword, &line)
        }
    }

    private mutating func source(_ line: inout Statement) -> Bool {
        guard let file = line.text() else { return false }
        read(file)
        return true
    }

    private mutating func open(
        _ line: inout Statement, _ inner: KconfigBlock, _ entry: (Int) -> Entry
    ) -> Bool {
        tree.blocks.append(inner)
        block = tree.blocks.count - 1
        self.entry = entry(block)
        return true
    }

    private mutating func define(_ line: inout Statement) -> Bool {
        guard let name = line.word() else { return false }
        let symbol = tree.intern(name)
        addDefinition(of: symbol, line.location)
        entry = .definition(tree.definitions.count - 1)
        if let choice = enclosingChoice, tree.symbols[symbol].choice == nil {
            tree.symbols[symbol].choice = choice
            tree.symbols[choice].members.append(symbol)
        }
        return true
    }

    private var enclosingChoice: Int? {
        var next: Int? = block
        while let index = next {
            if let choice = tree.blocks[index].choice { return choice }
            next = tree.blocks[index].parent
        }
        return nil
    }

    private mutating func addDefinition(of symbol: Int, _ location: KconfigLocation) {
        tree.symbols[symbol].definitions.append(tree.definitions.count)
        tree.definitions.append(
            KconfigDefinition(symbol: symbol, block: block, location: location))
    }

    private mutating func choice(_ line: inout Statement) -> Bool {
        let symbol = tree.addChoice()
        addDefinition(of: symbol, line.location)
        let definition = tree.definitions.count - 1
        let members = KconfigCondition(
            expression: .operand(.symbol(symbol)), location: line.location)
        let inner = KconfigBlock(parent: block, conditions: [members], choice: symbol)
        return open(&line, inner) { .choice(definition, block: $0) }
    }
}

// MARK: what stands below a statement

extension KconfigParser {
    private mutating func option(_ keyword: String, _ line: inout Statement) -> Bool {
        switch keyword {
        case "depends":
            guard line.word() == "on", let condition = line.condition(&tree) else { return false }
            addDependency(condition)
            return true
        case "visible":
            guard let condition = line.ifCondition(&tree), case .menu(let inner) = entry else {
                return false
            }
            tree.blocks[inner].visibility.append(
                KconfigCondition(expression: condition, location: line.location))
            return true
        case "option", "modules", "transitional", "optional": return flag(keyword, &line)
        default:
            guard let definition = currentDefinition else { return false }
            return property(keyword, definition, &line)
        }
    }

    private var currentDefinition: Int? {
        switch entry {
        case .definition(let definition), .choice(let definition, _): definition
        case .none, .menu, .comment: nil
        }
    }

    private mutating func addDependency(_ condition: KconfigCondition) {
        switch entry {
        case .definition(let index), .choice(let index, _):
            tree.definitions[index].conditions.append(condition)
        case .menu(let inner): tree.blocks[inner].conditions.append(condition)
        case .comment, .none: break
        }
    }

    private mutating func flag(_ keyword: String, _ line: inout Statement) -> Bool {
        guard let definition = currentDefinition else { return false }
        let symbol = tree.definitions[definition].symbol
        switch keyword {
        case "optional": tree.symbols[symbol].isOptional = true
        case "transitional": tree.symbols[symbol].isTransitional = true
        case "modules": tree.modules = symbol
        // `option modules` before 6.1; `option env=…` before 4.18 says nothing here.
        default: if line.word() == "modules" { tree.modules = symbol }
        }
        return true
    }

    private mutating func property(
        _ keyword: String, _ definition: Int, _ line: inout Statement
    ) -> Bool {
        let symbol = tree.definitions[definition].symbol
        switch keyword {
        case "bool", "tristate", "int", "hex", "string":
            setKind(symbol, KconfigSymbol.Kind(rawValue: keyword) ?? .unknown)
            return line.isAtEnd || addPrompt(symbol, definition, &line)
        case "boolean":
            setKind(symbol, .bool)
            return line.isAtEnd || addPrompt(symbol, definition, &line)
        case "prompt": return addPrompt(symbol, definition, &line)
        case "default", "def_bool", "def_tristate":
            if keyword == "def_bool" { setKind(symbol, .bool) }
            if keyword == "def_tristate" { setKind(symbol, .tristate) }
            guard let value = line.expression(&tree) else { return false }
            tree.symbols[symbol].defaults.append(
                .init(
                    value: value, condition: line.ifCondition(&tree), definition: definition,
                    location: line.location))
            return line.isAtEnd
        case "select", "imply":
            guard let target = line.word().map({ tree.intern($0) }) else { return false }
            let selector = KconfigSymbol.Selector(
                symbol: symbol, condition: line.ifCondition(&tree), definition: definition,
                location: line.location)
            if keyword == "select" {
                tree.symbols[target].selectedBy.append(selector)
            } else {
                tree.symbols[target].impliedBy.append(selector)
            }
            return line.isAtEnd
        case "range":
            guard let low = line.operand(&tree), let high = line.operand(&tree) else {
                return false
            }
            tree.symbols[symbol].ranges.append(
                .init(
                    low: low, high: high, condition: line.ifCondition(&tree),
                    definition: definition, location: line.location))
            return line.isAtEnd
        default: return false
        }
    }

    /// The first type counts; a choice's members take the type of the choice, and it of them.
    private mutating func setKind(_ symbol: Int, _ kind: KconfigSymbol.Kind) {
        if tree.symbols[symbol].kind == .unknown { tree.symbols[symbol].kind = kind }
        if let choice = tree.symbols[symbol].choice, tree.symbols[choice].kind == .unknown {
            tree.symbols[choice].kind = kind
        }
    }

    private mutating func addPrompt(
        _ symbol: Int, _ definition: Int, _ line: inout Statement
    ) -> Bool {
        guard let text = line.text() else { return false }
        tree.symbols[symbol].prompts.append(
            .init(
                text: text, condition: line.ifCondition(&tree), definition: definition,
                location: line.location))
        return line.isAtEnd
    }
}

/// The tokens of one line, taken from the front.
private struct Statement {
    private var tokens: ArraySlice<KconfigToken>
    let location: KconfigLocation

    init(tokens: ArraySlice<KconfigToken>, location: KconfigLocation) {
        self.tokens = tokens
        self.location = location
    }

    var isAtEnd: Bool { tokens.isEmpty }

    mutating func word() -> String? {
        guard case .word(let text) = tokens.first else { return nil }
        tokens.removeFirst()
        return text
    }

    mutating func text() -> String? {
        guard case .quoted(let text) = tokens.first else { return nil }
        tokens.removeFirst()
        return text
    }

    private mutating func take(_ sign: KconfigToken.Sign) -> Bool {
        guard tokens.first == .sign(sign) else { return false }
        tokens.removeFirst()
        return true
    }

    /// `if EXPRESSION`, or nothing.
    mutating func ifCondition(_ tree: inout KconfigTree) -> KconfigExpression? {
        guard tokens.first == .word("if") else { return nil }
        tokens.removeFirst()
        return expression(&tree)
    }

    /// The rest of a line as a condition; `A if B` is `A || B = n` (since 7.0).
    mutating func condition(_ tree: inout KconfigTree) -> KconfigCondition? {
        guard var expression = expression(&tree) else { return nil }
        if let only = ifCondition(&tree) {
            expression = .or(expression, .not(only))
        }
        return isAtEnd ? KconfigCondition(expression: expression, location: location) : nil
    }

    mutating func operand(_ tree: inout KconfigTree) -> KconfigOperand? {
        if let text = text() { return .text(text) }
        guard let word = word() else { return nil }
        if KconfigAnswers.isPending(word) { return .pending(word) }
        return Tristate(letter: word).map { .constant($0) } ?? .symbol(tree.intern(word))
    }

    /// `||` binds weaker than `&&`, and that weaker than `!`.
    mutating func expression(_ tree: inout KconfigTree) -> KconfigExpression? {
        guard var left = conjunction(&tree) else { return nil }
        while take(.or) {
            guard let right = conjunction(&tree) else { return nil }
            left = .or(left, right)
        }
        return left
    }

    private mutating func conjunction(_ tree: inout KconfigTree) -> KconfigExpression? {
        guard var left = negation(&tree) else { return nil }
        while take(.and) {
            guard let right = negation(&tree) else { return nil }
            left = .and(left, right)
        }
        return left
    }

    private mutating func negation(_ tree: inout KconfigTree) -> KconfigExpression? {
        if take(.not) { return negation(&tree).map { .not($0) } }
        if take(.open) {
            guard let inner = expression(&tree), take(.close) else { return nil }
            return inner
        }
        guard let left = operand(&tree) else { return nil }
        guard case .sign(.compare(let comparison)) = tokens.first else { return .operand(left) }
        tokens.removeFirst()
        return operand(&tree).map { .compare(comparison, left, $0) }
    }
}

/// Reads the files of a source tree.
enum KconfigFile {
    /// All bytes of a file; nil where it cannot be read.
    static func contents(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size < 1 << 30
        else { return nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
            while count < buffer.count {
                let got = Glibc.read(
                    descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
                if got < 0 && errno == EINTR { continue }
                if got <= 0 { break }
                count += got
            }
        }
        return bytes.count == Int(status.st_size) ? bytes : nil
    }
}
