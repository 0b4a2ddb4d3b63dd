/// Why a symbol is not what was asked for.
public enum KconfigReason: Sendable, Equatable {
    /// A condition that does not hold, with what it amounts to and where it stands.
    public struct Unmet: Sendable, Equatable {
        /// As the Kconfig file has it.
        public var text: String
        /// `n`, or `m` where `y` is needed.
        public var value: String
        /// `net/Kconfig:12`, where the condition stands.
        public var place: String
        /// Why nobody can just set it, where that is so.
        public var why: String?
    }

    /// Another symbol with a line that concerns this one.
    public struct Other: Sendable, Equatable {
        /// Without `CONFIG_`.
        public var name: String
        /// What it is set to.
        public var value: String
        /// Where its line stands.
        public var place: String
    }

    /// No Kconfig file defines it: the nearest name that one does define, and the architectures
    /// that have it.
    case noSuchSymbol(nearest: String?, arches: [String])
    /// Conditions do not hold; the place of the definition.
    case dependencies([Unmet], at: String)
    /// Nobody can be asked: it is set by these, or by a default.
    case noPrompt(selectedBy: [Other], defaultAt: String?, at: String)
    /// These select it.
    case forced([Other])
    /// The number is beyond what is allowed.
    case clamped(low: String, high: String, at: String)
    /// It is a `bool`, which is never a module.
    case notTristate(at: String)
    /// `CONFIG_MODULES` is off, so that nothing is a module.
    case noModules
    /// Another member of its choice is set.
    case choice(other: String?, at: String)
    /// Its type takes no such value.
    case wrongType(String, at: String)
    /// The base configuration is what it is compared with; no source tree tells more.
    case unknown
}

extension KconfigReason {
    /// Whether other settings could help, rather than another request.
    var hasCure: Bool {
        switch self {
        case .dependencies, .noPrompt, .forced, .noModules, .choice, .unknown: true
        case .noSuchSymbol, .clamped, .notTristate, .wrongType: false
        }
    }
}

extension KconfigReason: CustomStringConvertible {
    /// The reason as the end of a sentence.
    public var description: String {
        switch self {
        case .noSuchSymbol(let nearest, let arches): Self.missing(nearest, arches)
        case .dependencies(let unmet, let place):
            "it depends on " + unmet.map(\.description).joined(separator: ", ")
                + " (defined at \(place))"
        case .noPrompt(let selectors, let defaultPlace, let place):
            Self.promptless(selectors, defaultPlace, place)
        case .forced(let selectors):
            "it is selected by " + selectors.map(\.description).joined(separator: ", ")
        case .clamped(let low, let high, let place):
            "its range is \(low) to \(high) (\(place))"
        case .notTristate(let place): "it is a bool, which is no module (\(place))"
        case .noModules: "nothing can be a module, as `MODULES` is `n`"
        case .choice(let other?, let place):
            "only one of its choice can be set, and that is `\(other)` (\(place))"
        case .choice(nil, let place): "its choice has another default (\(place))"
        case .wrongType(let kind, let place): "it is of type \(kind) (\(place))"
        case .unknown: "the configuration does not have it"
        }
    }

    private static func missing(_ nearest: String?, _ arches: [String]) -> String {
        if !arches.isEmpty {
            return "this architecture does not have it, only "
                + arches.map { "`\($0)`" }.joined(separator: ", ")
        }
        return "there is no such symbol" + (nearest.map { "; did you mean `\($0)`?" } ?? "")
    }

    private static func promptless(
        _ selectors: [Other], _ defaultPlace: String?, _ place: String
    ) -> String {
        let how =
            selectors.isEmpty
            ? defaultPlace.map { "its default is at \($0)" } ?? "nothing selects it"
            : "it is selected by "
                + selectors.map { "`\($0.name)`" }.joined(separator: ", ")
        return "it has no prompt, so that nobody can set it (\(place)): \(how)"
    }
}

extension KconfigReason.Unmet: CustomStringConvertible {
    /// `` `NET` (n, net/Kconfig:12) ``
    public var description: String {
        "`\(text)` (\(value), \(place)\(why.map { ": " + $0 } ?? ""))"
    }
}

extension KconfigReason.Other: CustomStringConvertible {
    /// `` `PCI=y` (drivers/pci/Kconfig:16) ``
    public var description: String { "`\(name)=\(value)` (\(place))" }
}
