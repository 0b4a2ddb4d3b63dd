/// What a tree's conditions amount to under one configuration.
///
/// Reads the values of a finished `.config`, so nothing is computed twice: `conf` has done it.
/// Choices are the exception, which no `.config` names.
final class KconfigEvaluation {
    let tree: KconfigTree
    let config: KernelConfig
    private var answers: KconfigAnswers
    private var values: [KernelConfig.Value?]
    private var choices: [Int: Tristate] = [:]
    /// Commands whose answers were needed and are not known; they count as failed.
    private(set) var missing: Set<Int> = []

    init(_ tree: KconfigTree, _ config: KernelConfig, answers: KconfigAnswers = .init()) {
        self.tree = tree
        self.config = config
        self.answers = answers
        values = tree.symbols.map { $0.isChoice ? nil : config[$0.name] }
    }

    /// Whether the kernel can have modules.
    var allowsModules: Bool { tree.modules.map { values[$0] == .yes } ?? false }

    /// What the configuration sets a symbol to; nil where it says nothing.
    func value(of symbol: Int) -> KernelConfig.Value? { values[symbol] }

    /// Whether a symbol is off, a module or built in; numbers and texts are `n` as conditions.
    func tristate(of symbol: Int) -> Tristate {
        if tree.symbols[symbol].isChoice { return choice(symbol) }
        return switch values[symbol] {
        case .yes: .yes
        case .module: .module
        default: .no
        }
    }

    /// A choice is on while it is visible, unless it may be left empty.
    private func choice(_ symbol: Int) -> Tristate {
        if let known = choices[symbol] { return known }
        // A choice that depends on its own members would be refused by conf.
        choices[symbol] = .no
        let members = tree.symbols[symbol].members
        var value =
            tree.promptsGuardChoices ? visibility(of: symbol) : dependency(ofChoice: symbol)
        if tree.symbols[symbol].isOptional, !members.contains(where: { values[$0] == .yes }) {
            value = members.contains { values[$0] == .module } ? min(value, .module) : .no
        } else if tree.symbols[symbol].kind == .tristate,
            !members.contains(where: { values[$0] == .yes })
        {
            value = min(value, .module)
        }
        choices[symbol] = value
        return value
    }

    private func dependency(ofChoice symbol: Int) -> Tristate {
        tree.symbols[symbol].definitions.map { dependency(ofDefinition: $0) }.max() ?? .yes
    }

    /// Whether everything holds that a symbol depends on, in at least one definition.
    ///
    /// As in `conf`, a definition without any condition does not count beside one that has some
    /// (expr_alloc_or takes the one for the other).
    func dependency(of symbol: Int) -> Tristate {
        if tree.symbols[symbol].isTransitional { return .no }
        let definitions = tree.symbols[symbol].definitions
            .filter { !tree.conditions(of: $0).isEmpty }
        let best = definitions.map { dependency(ofDefinition: $0) }.max() ?? .yes
        return tree.symbols[symbol].isLogical ? asBool(best, symbol) : best
    }

    func dependency(ofDefinition definition: Int) -> Tristate {
        tree.conditions(of: definition).map { tristate(of: $0.expression) }.min() ?? .yes
    }

    /// How far the user may decide.
    func visibility(of symbol: Int) -> Tristate {
        if tree.symbols[symbol].isTransitional { return .yes }
        var best = Tristate.no
        for prompt in tree.symbols[symbol].prompts {
            best = max(best, visibility(of: prompt, of: symbol))
        }
        return asBool(best, symbol)
    }

    func visibility(of prompt: KconfigSymbol.Prompt, of symbol: Int) -> Tristate {
        let hidden = tree.visibility(of: prompt.definition).map { tristate(of: $0.expression) }
        let value = min(
            dependency(ofDefinition: prompt.definition), hidden.min() ?? .yes,
            prompt.condition.map { tristate(of: $0) } ?? .yes)
        // A tristate member cannot be a module in a choice that is built in.
        if value == .module, tree.symbols[symbol].kind == .tristate,
            let choice = tree.symbols[symbol].choice, tristate(of: choice) == .yes
        {
            return .no
        }
        return value
    }

    private func asBool(_ value: Tristate, _ symbol: Int) -> Tristate {
        value == .module && (tree.symbols[symbol].kind != .tristate || !allowsModules)
            ? .yes : value
    }

    /// Whether a `select` or `imply` is in force, and how far.
    func force(of selector: KconfigSymbol.Selector) -> Tristate {
        min(
            tristate(of: selector.symbol), dependency(ofDefinition: selector.definition),
            selector.condition.map { tristate(of: $0) } ?? .yes)
    }
}

// MARK: conditions

extension KconfigEvaluation {
    func tristate(of expression: KconfigExpression) -> Tristate {
        switch expression {
        case .operand(let operand): tristate(of: operand)
        case .not(let inner): tristate(of: inner).inverted
        case .and(let left, let right): min(tristate(of: left), tristate(of: right))
        case .or(let left, let right): max(tristate(of: left), tristate(of: right))
        case .compare(let comparison, let left, let right):
            compare(comparison, left, right) ? .yes : .no
        }
    }

    private func tristate(of operand: KconfigOperand) -> Tristate {
        switch operand {
        case .symbol(let symbol): return tristate(of: symbol)
        // `m` is `m && MODULES` (rewrite_m in scripts/kconfig/menu.c).
        case .constant(.module): return allowsModules ? .module : .no
        case .constant(let value): return value
        // Only a bare word is the constant `y`; a quoted one is a text that looks the same.
        case .text(let text):
            return completed(text).flatMap { Tristate(letter: $0) } ?? .no
        case .pending(let text):
            guard let word = completed(text) else { return .no }
            return Tristate(letter: word)
                ?? tree.position(of: word).map { tristate(of: $0) } ?? .no
        }
    }

    private func completed(_ text: String) -> String? { answers.complete(text, missing: &missing) }

    /// A text with the kind that decides how it is compared.
    private func text(of operand: KconfigOperand) -> (String, KconfigSymbol.Kind) {
        switch operand {
        case .symbol(let symbol): text(of: symbol)
        case .constant(let value): (value.letter, .tristate)
        case .text(let text): (completed(text) ?? "", .unknown)
        case .pending(let text):
            completed(text).map { word in
                Tristate(letter: word).map { ($0.letter, .tristate) }
                    ?? tree.position(of: word).map { self.text(of: $0) } ?? (word, .unknown)
            } ?? ("n", .tristate)
        }
    }

    /// A symbol that no file defines is compared by its name.
    private func text(of symbol: Int) -> (String, KconfigSymbol.Kind) {
        let kind = tree.symbols[symbol].kind
        switch kind {
        case .bool, .tristate: return (tristate(of: symbol).letter, kind)
        case .unknown: return (tree.symbols[symbol].name, kind)
        case .int, .hex, .string: return (values[symbol]?.plainText ?? "", kind)
        }
    }

    private func compare(
        _ comparison: KconfigExpression.Comparison, _ left: KconfigOperand,
        _ right: KconfigOperand
    ) -> Bool {
        let (leftText, leftKind) = text(of: left)
        let (rightText, rightKind) = text(of: right)
        let order: Int
        if let first = Self.number(leftText, leftKind),
            let second = Self.number(rightText, rightKind),
            leftKind != .string || rightKind != .string
        {
            order = first < second ? -1 : first > second ? 1 : 0
        } else {
            order =
                leftText == rightText
                ? 0 : leftText.utf8.lexicographicallyPrecedes(rightText.utf8) ? -1 : 1
        }
        return switch comparison {
        case .equal: order == 0
        case .unequal: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }

    /// As expr_parse_string of scripts/kconfig/expr.c: nil compares as text.
    private static func number(_ text: String, _ kind: KconfigSymbol.Kind) -> Int128? {
        switch kind {
        case .bool, .tristate: Tristate(letter: text).map { Int128($0.rawValue) } ?? -1
        case .int: Int128(text, radix: 10)
        case .hex:
            Int128(
                text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : text[...],
                radix: 16)
        case .unknown, .string: octalNumber(text) ?? KernelConfig.Value.number(text)
        }
    }

    /// strtoll(3) with base 0 takes a leading zero for octal.
    private static func octalNumber(_ text: String) -> Int128? {
        text.count > 1 && text.hasPrefix("0") && !text.hasPrefix("0x") && !text.hasPrefix("0X")
            ? Int128(text, radix: 8) : nil
    }

    /// What an operand of a `range` or a default amounts to.
    func plainText(of operand: KconfigOperand) -> String { text(of: operand).0 }
}
