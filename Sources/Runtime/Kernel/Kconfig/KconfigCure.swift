/// Looks for settings with which symbols get what was asked for.
///
/// A search over conditions, cheapest first; what the additions lead to in turn (their own
/// selects and defaults) is left to a trial with `conf`.
struct KconfigCure {
    /// What is to be set, by position.
    typealias Plan = [Int: Tristate]

    private let evaluation: KconfigEvaluation
    private var tree: KconfigTree { evaluation.tree }
    /// Steps left; a search that needs more is given up.
    private var budget = 60_000
    /// Symbols that are fixed by the request itself.
    private let fixed: Plan

    init(_ evaluation: KconfigEvaluation, fixed: Plan) {
        self.evaluation = evaluation
        self.fixed = fixed
    }

    /// Adds what a symbol needs to get at least (or for `n`: at most) this value.
    ///
    /// - Returns: nil where no way was found.
    mutating func plan(_ symbol: Int, _ wanted: KernelConfig.Value, from start: Plan) -> Plan? {
        switch wanted {
        case .no: return forbid(symbol, above: .no, start, [])
        case .yes: return require(symbol, .yes, start, [], isRequest: true)
        case .module:
            guard let modules = tree.modules,
                let allowed = require(modules, .yes, start, [])
            else { return nil }
            return require(symbol, .module, allowed, [], isRequest: true)
        case .number, .string: return makeVisible(symbol, .module, start, [symbol])
        }
    }

    private func value(_ symbol: Int, _ plan: Plan) -> Tristate {
        plan[symbol] ?? evaluation.tristate(of: symbol)
    }

    // MARK: turning on

    private mutating func require(
        _ symbol: Int, _ least: Tristate, _ plan: Plan, _ path: [Int], isRequest: Bool = false
    ) -> Plan? {
        if least == .no || value(symbol, plan) >= least && !isRequest { return plan }
        if let own = fixed[symbol], own < least, !isRequest { return nil }
        if let planned = plan[symbol], planned == .no { return nil }
        budget -= 1
        let info = tree.symbols[symbol]
        guard budget > 0, path.count < 24, !path.contains(symbol), info.isDefined else {
            return nil
        }
        let path = path + [symbol]
        if info.isChoice { return makeVisible(symbol, least, plan, path) }
        guard info.isLogical else { return nil }
        let needed: Tristate = info.kind == .bool ? .module : least
        if var visible = makeVisible(symbol, needed, plan, path) {
            if let choice = info.choice {
                for member in tree.symbols[choice].members where member != symbol {
                    if visible[member].map({ $0 != .no }) ?? false { return nil }
                }
            }
            visible[symbol] = info.kind == .bool ? .yes : max(least, plan[symbol] ?? .no)
            return visible
        }
        return cheapest(
            of: [
                throughDefault(info, needed, plan, path),
                throughSelect(info, least, plan, path),
            ], plan)
    }

    /// Makes the conditions of one prompt hold.
    private mutating func makeVisible(
        _ symbol: Int, _ least: Tristate, _ plan: Plan, _ path: [Int]
    ) -> Plan? {
        var plans: [Plan?] = []
        for prompt in tree.symbols[symbol].prompts {
            var next: Plan? = plan
            let conditions =
                tree.conditions(of: prompt.definition).map(\.expression)
                + tree.visibility(of: prompt.definition).map(\.expression)
                + (prompt.condition.map { [$0] } ?? [])
            for condition in conditions {
                guard let current = next else { break }
                next = require(condition, least, current, path)
            }
            plans.append(next)
        }
        return cheapest(of: plans, plan)
    }

    private mutating func throughDefault(
        _ symbol: KconfigSymbol, _ least: Tristate, _ plan: Plan, _ path: [Int]
    ) -> Plan? {
        var plans: [Plan?] = []
        for property in symbol.defaults {
            var next: Plan? = plan
            let conditions =
                tree.conditions(of: property.definition).map(\.expression)
                + (property.condition.map { [$0] } ?? []) + [property.value]
            for condition in conditions {
                guard let current = next else { break }
                next = require(condition, least, current, path)
            }
            plans.append(next)
        }
        return cheapest(of: plans, plan)
    }

    private mutating func throughSelect(
        _ symbol: KconfigSymbol, _ least: Tristate, _ plan: Plan, _ path: [Int]
    ) -> Plan? {
        var plans: [Plan?] = []
        var related: [Plan?] = []
        let family = Self.family(of: symbol.name)
        // A selector that can be set itself is what a person would add.
        let candidates = symbol.selectedBy.sorted {
            (tree.symbols[$0.symbol].prompts.isEmpty ? 1 : 0)
                < (tree.symbols[$1.symbol].prompts.isEmpty ? 1 : 0)
        }
        for selector in candidates.prefix(12) {
            var next = require(selector.symbol, least, plan, path)
            let isRelated = Self.family(of: tree.symbols[selector.symbol].name) == family
            if let condition = selector.condition, let current = next {
                next = require(condition, least, current, path)
            }
            if isRelated { related.append(next) } else { plans.append(next) }
        }
        return cheapest(of: related, plan) ?? cheapest(of: plans, plan)
    }

    /// VIRTIO of VIRTIO_PCI: whoever asks for VIRTIO means that rather than REMOTEPROC, which
    /// selects it too.
    private static func family(of name: String) -> Substring { name.prefix { $0 != "_" } }

    private func cheapest(of plans: [Plan?], _ start: Plan) -> Plan? {
        plans.compactMap { $0 }.min { $0.count < $1.count }
    }

    private mutating func require(
        _ expression: KconfigExpression, _ least: Tristate, _ plan: Plan, _ path: [Int]
    ) -> Plan? {
        budget -= 1
        guard budget > 0 else { return nil }
        switch expression {
        case .operand(.symbol(let symbol)): return require(symbol, least, plan, path)
        case .operand(.constant(.module)) where least == .module:
            return tree.modules.flatMap { require($0, .yes, plan, path) }
        case .operand: return evaluation.tristate(of: expression) >= least ? plan : nil
        case .and(let left, let right):
            return require(left, least, plan, path).flatMap { require(right, least, $0, path) }
        case .or(let left, let right):
            return cheapest(
                of: [require(left, least, plan, path), require(right, least, plan, path)], plan)
        case .not(let inner): return forbid(inner, above: least.inverted, plan, path)
        case .compare(let comparison, let left, let right):
            return compare(comparison, left, right, plan, path)
        }
    }

    private mutating func compare(
        _ comparison: KconfigExpression.Comparison, _ left: KconfigOperand,
        _ right: KconfigOperand, _ plan: Plan, _ path: [Int]
    ) -> Plan? {
        if case .symbol(let symbol) = left, case .constant(let value) = right,
            tree.symbols[symbol].isLogical
        {
            switch (comparison, value) {
            case (.equal, .no): return forbid(symbol, above: .no, plan, path)
            case (.equal, _): return require(symbol, value, plan, path)
            case (.unequal, .no): return require(symbol, .module, plan, path)
            case (.unequal, .yes): return forbid(symbol, above: .module, plan, path)
            default: break
            }
        }
        return evaluation.tristate(of: .compare(comparison, left, right)) == .yes ? plan : nil
    }

    // MARK: turning off

    private mutating func forbid(
        _ symbol: Int, above most: Tristate, _ plan: Plan, _ path: [Int]
    ) -> Plan? {
        if value(symbol, plan) <= most { return plan }
        if let own = fixed[symbol], own > most { return nil }
        if plan[symbol] != nil { return nil }
        budget -= 1
        let info = tree.symbols[symbol]
        guard budget > 0, path.count < 24, !path.contains(symbol), info.isLogical, !info.isChoice
        else { return nil }
        let path = path + [symbol]
        var next = plan
        for selector in info.selectedBy where evaluation.force(of: selector) > most {
            guard let without = forbid(selector.symbol, above: most, next, path) else { return nil }
            next = without
        }
        if let choice = info.choice { return leave(choice, symbol, next, path) }
        if evaluation.visibility(of: symbol) != .no {
            next[symbol] = most
            return next
        }
        // Without a prompt only its defaults can be taken away.
        for property in info.defaults where evaluation.tristate(of: property.value) > most {
            let whole = (property.condition.map { .and($0, property.value) }) ?? property.value
            guard let without = forbid(whole, above: most, next, path) else { return nil }
            next = without
        }
        return next
    }

    /// Sets another member of a choice.
    private mutating func leave(
        _ choice: Int, _ symbol: Int, _ plan: Plan, _ path: [Int]
    ) -> Plan? {
        var plans: [Plan?] = []
        for member in tree.symbols[choice].members where member != symbol {
            plans.append(require(member, .yes, plan, path))
        }
        return cheapest(of: plans, plan)
    }

    private mutating func forbid(
        _ expression: KconfigExpression, above most: Tristate, _ plan: Plan, _ path: [Int]
    ) -> Plan? {
        budget -= 1
        guard budget > 0 else { return nil }
        switch expression {
        case .operand(.symbol(let symbol)): return forbid(symbol, above: most, plan, path)
        case .operand, .compare: return evaluation.tristate(of: expression) <= most ? plan : nil
        case .and(let left, let right):
            return cheapest(
                of: [
                    forbid(left, above: most, plan, path), forbid(right, above: most, plan, path),
                ], plan)
        case .or(let left, let right):
            return forbid(left, above: most, plan, path)
                .flatMap { forbid(right, above: most, $0, path) }
        case .not(let inner): return require(inner, most.inverted, plan, path)
        }
    }
}
