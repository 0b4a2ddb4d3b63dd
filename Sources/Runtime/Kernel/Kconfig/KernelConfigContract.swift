import SystemPackage

/// Everything that was asked for, merged: one wanted value for each symbol.
struct KernelConfigContract: Sendable, Equatable {
    /// By name.
    private(set) var settings: [String: KernelConfigRequest.Setting] = [:]
    /// Symbols that must be on in the end, and are not set.
    private(set) var requires: [String] = []

    /// Reads the fragments and puts the `set` table over them.
    ///
    /// - Throws: ``KernelConfigError``; two fragments that disagree are both named.
    init(_ request: KernelConfigRequest) throws(KernelConfigError) {
        for path in request.fragments {
            let fragment = try KernelFragment.read(path)
            for entry in fragment.config.entries where request.set[entry.name] == nil {
                let setting = KernelConfigRequest.Setting(
                    value: entry.value, origin: .line(fragment.file, entry.line))
                if let old = settings[entry.name], !old.value.isSame(as: entry.value) {
                    throw .contradiction(entry.name, old, setting)
                }
                if settings[entry.name] == nil { settings[entry.name] = setting }
            }
        }
        for (name, value) in request.set {
            settings[KernelConfig.plainName(name)] = .init(value: value, origin: .set)
        }
        requires = request.requires.map { KernelConfig.plainName($0) }
    }

    var count: Int { Set(settings.keys).union(requires).count }

    /// Names whose type neither the value nor the base tells.
    func ambiguous(beside base: KernelConfig) -> [String] {
        settings.filter {
            $0.value.origin == .set && base[$0.key] == nil && $0.value.value.isAmbiguous
        }.map(\.key)
    }

    /// Gives values that look alike in every type the type that the symbol has.
    ///
    /// - Parameter tree: where the base does not tell.
    mutating func adoptTypes(of base: KernelConfig, _ tree: KconfigTree?) {
        for (name, setting) in settings where setting.origin == .set {
            let known: KconfigSymbol.Kind?
            switch base[name] {
            case .string: known = .string
            case .number(let text): known = text.hasPrefix("0x") ? .hex : .int
            case .yes, .module, .no: known = .tristate
            case nil: known = tree?.symbol(name)?.kind
            }
            settings[name]?.value = setting.value.as(known)
        }
    }

    /// The base with everything that is asked for, which comes last: of two members of a choice
    /// `conf` takes the later one.
    func applied(to base: KernelConfig, adding more: [String: KernelConfig.Value] = [:])
        -> KernelConfig
    {
        var wanted = settings.mapValues(\.value)
        wanted.merge(more) { $1 }
        let kept = base.entries.filter { wanted[$0.name] == nil }.map { ($0.name, $0.value) }
        return KernelConfig(kept + wanted.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    /// What a finished configuration does not keep: name, wanted, got.
    func broken(
        in config: KernelConfig
    ) -> [(name: String, wanted: KernelConfigRequest.Setting, got: KernelConfig.Value?)] {
        var broken:
            [(name: String, wanted: KernelConfigRequest.Setting, got: KernelConfig.Value?)] =
                []
        for (name, setting) in settings where !setting.value.isKept(as: config[name]) {
            broken.append((name, setting, config[name]))
        }
        for name in requires where !config.has(name) && settings[name] == nil {
            broken.append((name, .init(value: .yes, origin: .requires), config[name]))
        }
        return broken.sorted { $0.name < $1.name }
    }

    /// Requests for `n` of symbols that the configuration does not mention at all, which may be
    /// off or misspelt.
    func silentlyOff(in config: KernelConfig) -> [String] {
        settings.filter { $0.value.value == .no && config[$0.key] == nil }.map(\.key).sorted()
    }
}

extension KernelConfig.Value {
    /// A line that is missing says `n`.
    func isKept(as got: KernelConfig.Value?) -> Bool {
        guard let got else { return self == .no || self == .string("") }
        return isSame(as: got)
    }

    /// Whether the text alone does not tell the type.
    fileprivate var isAmbiguous: Bool {
        switch self {
        case .number: true
        case .string(let text): Self.number(text) != nil || Tristate(letter: text) != nil
        case .yes, .no, .module: false
        }
    }

    /// The value in the notation of a type.
    fileprivate func `as`(_ kind: KconfigSymbol.Kind?) -> KernelConfig.Value {
        switch (self, kind) {
        case (.string(let text), .bool), (.string(let text), .tristate), (.string(let text), nil):
            switch text {
            case "y": .yes
            case "m": .module
            case "n": .no
            default: self
            }
        case (.string(let text), .int) where Self.number(text) != nil: .number(text)
        case (.string(let text), .hex) where Self.number(text) != nil: .number(text)
        case (.number(let text), .hex) where !text.hasPrefix("0x"):
            Self.number(text).map { .number("0x" + String($0, radix: 16)) } ?? self
        case (.number(let text), .string): .string(text)
        default: self
        }
    }
}
