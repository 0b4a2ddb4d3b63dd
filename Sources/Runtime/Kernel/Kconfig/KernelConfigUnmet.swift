/// Symbols that did not survive a configuration, and why.
public struct KernelConfigUnmet: DiagnosticError, Equatable {
    /// One symbol that is not what was asked for.
    public struct Symbol: Sendable, Equatable {
        /// Without `CONFIG_`.
        public var name: String
        /// What was asked for, and where.
        public var wanted: KernelConfigRequest.Setting
        /// What it is; nil where the configuration does not mention it.
        public var got: KernelConfig.Value?
        /// Why.
        public var reason: KconfigReason
    }

    /// Settings that would help.
    public struct Cure: Sendable, Equatable {
        /// To add, by name.
        public var settings: [String: KernelConfig.Value]
        /// Symbols that they do not save, as `conf` found when it was tried with them.
        public var leaves: [Symbol]
    }

    /// What the configuration is of, in words: `configuration of linux-6.1`.
    public var subject: String
    /// In the order of their names.
    public var symbols: [Symbol]
    /// How many were asked for.
    public var asked: Int
    /// What to add; nil where no way was found.
    public var cure: Cure?
    /// Fragments of qsh's own that set the missing symbols.
    public var fragments: [String] = []

    /// The text of the error.
    public var diagnostic: Diagnostic {
        let names = symbols.prefix(4).map { "`\($0.name)`" }.joined(separator: ", ")
        let more = symbols.count > 4 ? " and \(symbols.count - 4) more" : ""
        let what = isRequired ? "required options are missing" : "settings did not survive"
        return Diagnostic(
            .configUnmet, "\(subject): \(symbols.count) of \(asked) \(what): \(names)\(more)",
            notes: symbols.map(\.sentence) + leftNotes, hint: hint)
    }

    /// What the cure does not cure; a reason that stays is not told twice.
    private var leftNotes: [String] {
        let told = Set(symbols.map(\.sentence))
        let left = (cure?.leaves ?? []).map { (name: $0.name, sentence: $0.sentence) }
        let same = left.filter { told.contains($0.sentence) }.map { "`\($0.name)`" }
        return left.filter { !told.contains($0.sentence) }.map { "even then " + $0.sentence }
            + (same.isEmpty ? [] : ["even then not: " + same.joined(separator: ", ")])
    }

    /// Whether nobody has set any of them: they were only to be there.
    private var isRequired: Bool { symbols.allSatisfy(\.wanted.origin.isRequirement) }

    private var hint: String? {
        if !fragments.isEmpty {
            let names = fragments.map { "\"\($0)\"" }.joined(separator: ", ")
            return "build it with `fragments = { \(names) }`"
        }
        guard let cure, !cure.settings.isEmpty else { return nil }
        let settings = cure.settings.sorted { $0.key < $1.key }
            .map { "\($0.key) = \($0.value.luaText)" }.joined(separator: ", ")
        return "add `set = { \(settings) }`"
    }
}

extension KernelConfigUnmet.Symbol {
    fileprivate var sentence: String {
        let now = got.map { "`\($0)`" } ?? (wanted.value.isText ? "not set" : "`n`")
        return "`\(name)=\(wanted.value)` (\(wanted.origin)) is \(now): \(reason)"
    }
}

extension KernelConfig.Value {
    fileprivate var isText: Bool {
        switch self {
        case .number, .string: true
        case .yes, .module, .no: false
        }
    }

    /// The value as a recipe writes it.
    var luaText: String {
        switch self {
        case .no: "false"
        case .yes: "true"
        case .module: "\"m\""
        case .number(let text): text
        case .string: description
        }
    }
}
