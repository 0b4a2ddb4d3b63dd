/// Every symbol that the Kconfig files of a source tree define, for one architecture.
///
/// What the files say, not what it amounts to: that is ``KconfigEvaluation``.
struct KconfigTree: Sendable {
    /// Paths from the root of the source tree, in the order in which they were read.
    var files: [String] = []
    var symbols: [KconfigSymbol] = []
    /// Menus, choices and `if` blocks; the first is the whole tree.
    var blocks: [KconfigBlock] = [KconfigBlock()]
    var definitions: [KconfigDefinition] = []
    /// Commands whose answers the files use; a text refers to one by its position.
    var commands: [String] = []
    /// The symbol that allows modules.
    var modules: Int?
    /// Whether what a choice's prompt hangs on is a condition of its members too: so before 6.11.
    var promptsGuardChoices = false
    /// What was not understood, as `file:line: text`.
    var findings: [String] = []
    private var positions: [String: Int] = [:]

    /// Position of a symbol that the files define or mention.
    func position(of name: String) -> Int? { positions[name] }

    /// A symbol that the files define.
    func symbol(_ name: String) -> KconfigSymbol? {
        positions[name].map { symbols[$0] }.flatMap { $0.isDefined ? $0 : nil }
    }

    /// `net/Kconfig:12`
    func place(_ location: KconfigLocation) -> String {
        "\(files[Int(location.file)]):\(location.line)"
    }

    /// Names of all symbols that are defined, choices left out.
    var definedNames: [String] { symbols.filter { $0.isDefined && !$0.isChoice }.map(\.name) }

    mutating func intern(_ name: String) -> Int {
        if let position = positions[name] { return position }
        positions[name] = symbols.count
        symbols.append(KconfigSymbol(name: name))
        return symbols.count - 1
    }

    /// A choice has no name of its own, or one that no other symbol can have.
    mutating func addChoice() -> Int {
        symbols.append(KconfigSymbol(name: "<choice>", isChoice: true))
        return symbols.count - 1
    }
}

/// A line of a Kconfig file.
struct KconfigLocation: Sendable, Hashable {
    /// Position in ``KconfigTree/files``.
    var file: Int32
    /// From 1.
    var line: Int32
}

/// A condition and the line that sets it.
struct KconfigCondition: Sendable {
    var expression: KconfigExpression
    var location: KconfigLocation
}

/// A symbol: what all of its definitions say together.
struct KconfigSymbol: Sendable {
    enum Kind: String, Sendable {
        case unknown
        case bool
        case tristate
        case int
        case hex
        case string
    }

    /// A value under a condition: a default, or the symbol that a `select` means.
    struct Property: Sendable {
        var value: KconfigExpression
        var condition: KconfigExpression?
        /// Position of the definition that it stands in.
        var definition: Int
        var location: KconfigLocation
    }

    /// What the user is asked, and when.
    struct Prompt: Sendable {
        var text: String
        var condition: KconfigExpression?
        var definition: Int
        var location: KconfigLocation
    }

    struct Range: Sendable {
        var low: KconfigOperand
        var high: KconfigOperand
        var condition: KconfigExpression?
        var definition: Int
        var location: KconfigLocation
    }

    /// Another symbol that forces or suggests this one.
    struct Selector: Sendable {
        var symbol: Int
        var condition: KconfigExpression?
        var definition: Int
        var location: KconfigLocation
    }

    var name: String
    var kind = Kind.unknown
    var definitions: [Int] = []
    var prompts: [Prompt] = []
    var defaults: [Property] = []
    var ranges: [Range] = []
    var selectedBy: [Selector] = []
    var impliedBy: [Selector] = []
    var isChoice = false
    /// `choice` with `optional`, which may have no member set.
    var isOptional = false
    /// The choice that it is a member of.
    var choice: Int?
    /// Members in their order, of a choice.
    var members: [Int] = []
    /// Kept for old configurations only (`transitional`).
    var isTransitional = false

    init(name: String, isChoice: Bool = false) {
        self.name = name
        self.isChoice = isChoice
    }

    var isDefined: Bool { !definitions.isEmpty }
    var isLogical: Bool { kind == .bool || kind == .tristate }
}

/// One `config`, `menuconfig` or `choice` statement.
struct KconfigDefinition: Sendable {
    var symbol: Int
    /// The block that it stands in.
    var block: Int
    var conditions: [KconfigCondition] = []
    var location: KconfigLocation
}

/// A `menu`, a `choice` or an `if`, with the conditions of everything inside.
struct KconfigBlock: Sendable {
    var parent: Int?
    var conditions: [KconfigCondition] = []
    /// `visible if`, which hides prompts and nothing else.
    var visibility: [KconfigCondition] = []
    /// The choice whose members stand inside.
    var choice: Int?
}

extension KconfigTree {
    /// Everything that must hold for a definition, outermost first.
    func conditions(of definition: Int) -> [KconfigCondition] {
        let own = definitions[definition]
        return blockConditions(own.block, \.conditions) + own.conditions
    }

    /// What hides the prompts of a definition: `visible if` of the menus around it.
    func visibility(of definition: Int) -> [KconfigCondition] {
        blockConditions(definitions[definition].block, \.visibility)
    }

    private func blockConditions(
        _ block: Int, _ part: KeyPath<KconfigBlock, [KconfigCondition]>
    ) -> [KconfigCondition] {
        var conditions: [KconfigCondition] = []
        var next: Int? = block
        while let index = next {
            conditions.insert(contentsOf: blocks[index][keyPath: part], at: 0)
            next = blocks[index].parent
        }
        return conditions
    }
}
