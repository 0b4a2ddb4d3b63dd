/// The three values of a `tristate`, in the order in which the kernel compares them.
enum Tristate: UInt8, Sendable, Comparable {
    case no = 0
    case module = 1
    case yes = 2

    static func < (left: Tristate, right: Tristate) -> Bool { left.rawValue < right.rawValue }

    /// `n`, `m` or `y`.
    var letter: String {
        switch self {
        case .no: "n"
        case .module: "m"
        case .yes: "y"
        }
    }

    /// What a letter means; nil for every other text.
    init?(letter: String) {
        switch letter {
        case "n": self = .no
        case "m": self = .module
        case "y": self = .yes
        default: return nil
        }
    }

    var inverted: Tristate { Tristate(rawValue: 2 - rawValue) ?? .no }
}

/// One side of a comparison, or a condition by itself.
enum KconfigOperand: Sendable, Hashable {
    /// Position in ``KconfigTree/symbols``.
    case symbol(Int)
    /// `y`, `m` or `n`.
    case constant(Tristate)
    /// A quoted text, which may hold answers of the shell (``KconfigMacros``).
    case text(String)
    /// A bare word that only the shell's answer completes: `$(cc-option,-mfentry)`.
    case pending(String)
}

/// A condition of the language (Documentation/kbuild/kconfig-language.rst, "Menu dependencies").
indirect enum KconfigExpression: Sendable, Hashable {
    enum Comparison: String, Sendable {
        case equal = "="
        case unequal = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }

    case operand(KconfigOperand)
    case compare(Comparison, KconfigOperand, KconfigOperand)
    case not(KconfigExpression)
    case and(KconfigExpression, KconfigExpression)
    case or(KconfigExpression, KconfigExpression)

    /// The parts that must all hold.
    var conjuncts: [KconfigExpression] {
        if case .and(let left, let right) = self { return left.conjuncts + right.conjuncts }
        return [self]
    }

    /// Symbols that it mentions, each once, in order.
    var symbols: [Int] {
        var found: [Int] = []
        visit { operand in
            if case .symbol(let index) = operand, !found.contains(index) { found.append(index) }
        }
        return found
    }

    private func visit(_ body: (KconfigOperand) -> Void) {
        switch self {
        case .operand(let operand): body(operand)
        case .compare(_, let left, let right):
            body(left)
            body(right)
        case .not(let inner): inner.visit(body)
        case .and(let left, let right), .or(let left, let right):
            left.visit(body)
            right.visit(body)
        }
    }
}
