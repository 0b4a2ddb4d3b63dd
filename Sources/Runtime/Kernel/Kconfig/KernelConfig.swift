import SystemPackage

/// A kernel's configuration: the contents of a `.config`, of a fragment or of `/proc/config.gz`.
///
/// The syntax is the kernel's own (scripts/kconfig/confdata.c): `CONFIG_NAME=value` and
/// `# CONFIG_NAME is not set`; every other line that begins with `#` is a comment. Names are kept
/// without `CONFIG_`.
public struct KernelConfig: Sendable, Equatable {
    /// What a symbol is set to.
    public enum Value: Sendable, Hashable {
        /// `# CONFIG_NAME is not set`, or `n`.
        case no
        /// `m`: a module.
        case module
        /// `y`: built in.
        case yes
        /// A decimal or hexadecimal number, as written.
        case number(String)
        /// The text between the quotes, escapes resolved.
        case string(String)
    }

    /// One symbol's line.
    public struct Entry: Sendable, Equatable {
        /// Without `CONFIG_`.
        public var name: String
        /// What it is set to.
        public var value: Value
        /// The line in the file, from 1; 0 for one that was never in a file.
        public var line: Int
    }

    /// In the order of the file, one for each symbol.
    public private(set) var entries: [Entry]
    /// What the file says it is for: `x86` of `# Linux/x86 6.1.192 Kernel Configuration`.
    public internal(set) var sourceArch: String?
    /// The version in the same line.
    public internal(set) var version: String?
    private var positions: [String: Int]

    /// An empty configuration.
    public init() {
        entries = []
        positions = [:]
    }

    /// A configuration of these symbols, in this order.
    public init(_ settings: some Sequence<(String, Value)>) {
        self.init()
        for (name, value) in settings { self[name] = value }
    }

    /// The value of a symbol; nil where the configuration does not mention it.
    ///
    /// The name may begin with `CONFIG_`.
    public subscript(name: String) -> Value? {
        get { entry(name)?.value }
        set {
            let name = Self.plainName(name)
            switch (positions[name], newValue) {
            case (let position?, let value?): entries[position].value = value
            case (nil, let value?): append(Entry(name: name, value: value, line: 0))
            case (let position?, nil): remove(at: position)
            case (nil, nil): break
            }
        }
    }

    /// The symbol's line; the name may begin with `CONFIG_`.
    public func entry(_ name: String) -> Entry? {
        positions[Self.plainName(name)].map { entries[$0] }
    }

    /// Whether a symbol is built in, a module, or set to a text or a number.
    public func has(_ name: String) -> Bool {
        switch self[name] {
        case nil, .no: false
        default: true
        }
    }

    /// Takes over every symbol of another configuration, whose values win.
    public mutating func merge(_ other: KernelConfig) {
        for entry in other.entries { self[entry.name] = entry.value }
    }

    /// The file's text, as `conf` reads it.
    public var text: String {
        entries.map { $0.value.line(for: $0.name) + "\n" }.joined()
    }

    /// A symbol's name without `CONFIG_`.
    static func plainName(_ name: String) -> String {
        name.hasPrefix("CONFIG_") ? String(name.dropFirst(7)) : name
    }

    mutating func append(_ entry: Entry) {
        if let position = positions[entry.name] {
            entries[position] = entry
        } else {
            positions[entry.name] = entries.count
            entries.append(entry)
        }
    }

    private mutating func remove(at position: Int) {
        entries.remove(at: position)
        positions = Dictionary(
            uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
    }
}

extension KernelConfig.Value: CustomStringConvertible {
    /// The value as it stands behind `=` in the file.
    public var description: String {
        switch self {
        case .no: "n"
        case .module: "m"
        case .yes: "y"
        case .number(let text): text
        case .string(let text): "\"\(Self.escaped(text))\""
        }
    }

    /// The value without the quotes of a string.
    public var plainText: String {
        if case .string(let text) = self { text } else { description }
    }

    /// The symbol's whole line, without its end.
    func line(for name: String) -> String {
        self == .no ? "# CONFIG_\(name) is not set" : "CONFIG_\(name)=\(self)"
    }

    /// The number, where it is one that fits.
    public var whole: Int? {
        guard case .number(let text) = self else { return nil }
        return Self.number(text).flatMap { Int(exactly: $0) }
    }

    /// Numbers are the same whatever they are written in; everything else is compared as it is.
    func isSame(as other: Self) -> Bool {
        if case .number(let left) = self, case .number(let right) = other {
            return Self.writtenNumber(left) == Self.writtenNumber(right)
        }
        return self == other
    }

    /// The number that a text of digits means: hexadecimal behind `0x`.
    static func number(_ text: String) -> Int128? {
        let isNegative = text.hasPrefix("-")
        let digits = isNegative ? text.dropFirst() : text[...]
        let magnitude: Int128? =
            digits.hasPrefix("0x") || digits.hasPrefix("0X")
            ? Int128(digits.dropFirst(2), radix: 16) : Int128(digits, radix: 10)
        return magnitude.map { isNegative ? -$0 : $0 }
    }

    /// The same, hexadecimal digits without their mark included: `conf` writes what a default
    /// says, and that of RADIO_GEMTEK_PORT says `34c`.
    static func writtenNumber(_ text: String) -> Int128? { number(text) ?? Int128(text, radix: 16) }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }
}
