/// Finds out why a symbol is not what was asked for.
struct KconfigExplanation {
    let evaluation: KconfigEvaluation
    /// Architectures that define a symbol which this tree does not have.
    let arches: (String) -> [String]
    private var tree: KconfigTree { evaluation.tree }

    init(_ evaluation: KconfigEvaluation, arches: @escaping (String) -> [String] = { _ in [] }) {
        self.evaluation = evaluation
        self.arches = arches
    }

    /// The reason for one symbol that did not get a value.
    func reason(_ name: String, wanted: KernelConfig.Value) -> KconfigReason {
        guard let position = tree.position(of: name), tree.symbols[position].isDefined else {
            let elsewhere = arches(name)
            return .noSuchSymbol(
                nearest: elsewhere.isEmpty ? nearestName(name) : nil, arches: elsewhere)
        }
        let symbol = tree.symbols[position]
        if let reason = typeReason(symbol, wanted) { return reason }
        switch wanted {
        case .no: return reasonForOn(position, symbol)
        case .yes: return reasonForOff(position, symbol, needed: .yes)
        case .module:
            if !evaluation.allowsModules { return .noModules }
            let forced = selectors(of: symbol).filter { $0.value == "y" }
            if evaluation.tristate(of: position) == .yes, !forced.isEmpty { return .forced(forced) }
            return reasonForOff(position, symbol, needed: .module)
        case .number, .string: return reasonForText(position, symbol)
        }
    }

    private func nearestName(_ name: String) -> String? {
        // A prefix finds what a distance does not: VIRTIO_BLOCK is nearer to VIRTIO_BLK by both.
        nearest(to: name.uppercased(), among: tree.definedNames)
    }

    private func place(of symbol: KconfigSymbol) -> String {
        symbol.definitions.first.map { tree.place(tree.definitions[$0].location) } ?? ""
    }

    private func typeReason(_ symbol: KconfigSymbol, _ wanted: KernelConfig.Value) -> KconfigReason?
    {
        let fits: Bool
        switch (wanted, symbol.kind) {
        case (.module, .bool): return .notTristate(at: place(of: symbol))
        case (.yes, .bool), (.yes, .tristate), (.module, .tristate), (.no, _): fits = true
        case (.number, .int), (.number, .hex), (.string, .string): fits = true
        default: fits = symbol.kind == .unknown
        }
        return fits ? nil : .wrongType(symbol.kind.rawValue, at: place(of: symbol))
    }

    /// Wanted off, and on.
    private func reasonForOn(_ position: Int, _ symbol: KconfigSymbol) -> KconfigReason {
        let forced = selectors(of: symbol)
        if !forced.isEmpty { return .forced(forced) }
        if evaluation.visibility(of: position) == .no {
            let byDefault = symbol.defaults.first { isActive($0) }.map { tree.place($0.location) }
            return .noPrompt(selectedBy: [], defaultAt: byDefault, at: place(of: symbol))
        }
        return symbol.choice == nil ? .unknown : .choice(other: nil, at: place(of: symbol))
    }

    /// Wanted on, and off or a module.
    private func reasonForOff(
        _ position: Int, _ symbol: KconfigSymbol, needed: Tristate
    ) -> KconfigReason {
        if symbol.prompts.isEmpty { return promptless(symbol) }
        let limit = symbol.kind == .bool ? .module : needed
        if evaluation.visibility(of: position) < needed {
            return .dependencies(unmet(symbol, below: limit), at: place(of: symbol))
        }
        guard let choice = symbol.choice else { return .unknown }
        let other = tree.symbols[choice].members.first { evaluation.value(of: $0) == .yes }
        return .choice(other: other.map { tree.symbols[$0].name }, at: place(of: symbol))
    }

    private func reasonForText(_ position: Int, _ symbol: KconfigSymbol) -> KconfigReason {
        if symbol.prompts.isEmpty { return promptless(symbol) }
        if evaluation.visibility(of: position) == .no {
            return .dependencies(unmet(symbol, below: .module), at: place(of: symbol))
        }
        let range = symbol.ranges.first {
            evaluation.dependency(ofDefinition: $0.definition) != .no
                && ($0.condition.map { evaluation.tristate(of: $0) } ?? .yes) != .no
        }
        guard let range else { return .unknown }
        return .clamped(
            low: evaluation.plainText(of: range.low), high: evaluation.plainText(of: range.high),
            at: tree.place(range.location))
    }

    private func promptless(_ symbol: KconfigSymbol) -> KconfigReason {
        let all = symbol.selectedBy.map { other($0) }
        return .noPrompt(
            selectedBy: Array(all.prefix(8)),
            defaultAt: symbol.defaults.first.map { tree.place($0.location) },
            at: place(of: symbol))
    }

    private func isActive(_ property: KconfigSymbol.Property) -> Bool {
        evaluation.dependency(ofDefinition: property.definition) != .no
            && (property.condition.map { evaluation.tristate(of: $0) } ?? .yes) != .no
    }

    /// Those that force the symbol on now.
    private func selectors(of symbol: KconfigSymbol) -> [KconfigReason.Other] {
        symbol.selectedBy.filter { evaluation.force(of: $0) != .no }.map { other($0) }
    }

    private func other(_ selector: KconfigSymbol.Selector) -> KconfigReason.Other {
        .init(
            name: tree.symbols[selector.symbol].name,
            value: evaluation.tristate(of: selector.symbol).letter,
            place: tree.place(selector.location))
    }

    /// The conditions in the way, of the definition that comes nearest.
    private func unmet(_ symbol: KconfigSymbol, below limit: Tristate) -> [KconfigReason.Unmet] {
        symbol.prompts.map { unmet($0, below: limit) }.min { $0.count < $1.count } ?? []
    }

    private func unmet(
        _ prompt: KconfigSymbol.Prompt, below limit: Tristate
    ) -> [KconfigReason.Unmet] {
        var conditions =
            tree.conditions(of: prompt.definition) + tree.visibility(of: prompt.definition)
        if let own = prompt.condition {
            conditions.append(KconfigCondition(expression: own, location: prompt.location))
        }
        var found: [KconfigReason.Unmet] = []
        for condition in conditions {
            for part in condition.expression.conjuncts {
                for unmet in unmet(part, below: limit, condition.location)
                where !found.contains(where: { $0.text == unmet.text }) {
                    found.append(unmet)
                }
            }
        }
        return found
    }

    private func unmet(
        _ part: KconfigExpression, below limit: Tristate, _ location: KconfigLocation
    ) -> [KconfigReason.Unmet] {
        let value = evaluation.tristate(of: part)
        if value >= limit { return [] }
        var why: String?
        if case .operand(.symbol(let symbol)) = part {
            let info = tree.symbols[symbol]
            // A choice is off where what it depends on is, which has a name.
            if info.isChoice, info.prompts.count == 1 {
                let inner = unmet(info.prompts[0], below: limit)
                if !inner.isEmpty { return inner }
            }
            if info.isDefined, info.prompts.isEmpty, !info.isChoice { why = whyOff(info) }
            if !info.isDefined, !info.isChoice { why = "no Kconfig file of this kernel has it" }
        }
        return [
            .init(
                text: tree.text(of: part), value: value.letter, place: tree.place(location),
                why: why)
        ]
    }

    /// Why a symbol without a prompt is off.
    private func whyOff(_ symbol: KconfigSymbol) -> String {
        let selectors = symbol.selectedBy.map { tree.symbols[$0.symbol].name }
        if !selectors.isEmpty {
            let some = selectors.prefix(4).map { "`\($0)`" }.joined(separator: ", ")
            return "no prompt, selected by " + some + (selectors.count > 4 ? ", …" : "")
        }
        guard let property = symbol.defaults.first else {
            return "no prompt, and nothing selects it"
        }
        let condition = property.condition.map { .and(property.value, $0) } ?? property.value
        let parts =
            (tree.conditions(of: property.definition).map(\.expression) + [condition])
            .flatMap(\.conjuncts).filter { evaluation.tristate(of: $0) == .no }
        return "no prompt, needs "
            + parts.map { "`\(tree.text(of: $0))`" }.joined(separator: ", ")
    }
}

extension KconfigTree {
    /// A condition as a Kconfig file would have it.
    func text(of expression: KconfigExpression) -> String { text(expression, inside: 0) }

    private func text(_ expression: KconfigExpression, inside level: Int) -> String {
        switch expression {
        case .operand(let operand): text(of: operand)
        case .compare(let comparison, let left, let right):
            "\(text(of: left)) \(comparison.rawValue) \(text(of: right))"
        case .not(let inner): "!" + text(inner, inside: 3)
        case .and(let left, let right):
            bracketed("\(text(left, inside: 2)) && \(text(right, inside: 2))", level > 2)
        case .or(let left, let right):
            bracketed("\(text(left, inside: 1)) || \(text(right, inside: 1))", level > 1)
        }
    }

    private func bracketed(_ text: String, _ isNeeded: Bool) -> String {
        isNeeded ? "(\(text))" : text
    }

    func text(of operand: KconfigOperand) -> String {
        switch operand {
        case .symbol(let symbol):
            symbols[symbol].isChoice ? choiceText(symbol) : symbols[symbol].name
        case .constant(let value): value.letter
        case .text(let text): "\"\(readable(text))\""
        case .pending(let text): readable(text)
        }
    }

    private func choiceText(_ symbol: Int) -> String {
        "choice " + (symbols[symbol].prompts.first.map { "\"\($0.text)\"" } ?? "without a name")
    }

    /// A text that waits for the shell, with the command in its place.
    private func readable(_ text: String) -> String {
        guard KconfigAnswers.isPending(text) else { return text }
        var answers = KconfigAnswers()
        var missing: Set<Int> = []
        _ = answers.complete(text, missing: &missing)
        for number in missing { answers.outputs[number] = "$(shell,\(commands[number]))" }
        let filled = answers.complete(text, missing: &missing) ?? text
        return KconfigAnswers.isPending(filled) ? readable(filled) : filled
    }
}
