/// The value of a QEMU option that takes `[leading,]key=value,…`, such as `-device` and `-drive`.
///
/// A comma inside a value is written twice (qemu(1), section "Block device options" and others).
public struct QEMUOption: Sendable, Equatable {
    /// One `key=value`; QEMU also takes a bare key for `key=on`.
    public struct Property: Sendable, Equatable {
        /// What stands before the `=`.
        public let key: String
        /// Plain text, not escaped; nil for a bare key.
        public let value: String?

        /// Makes one; the value is plain text, not yet escaped.
        public init(_ key: String, _ value: String? = nil) {
            self.key = key
            self.value = value
        }
    }

    /// What stands before the first comma without a key: a device's driver, a netdev's kind.
    public var leading: String?
    /// The rest, in order.
    public var properties: [Property]

    /// Takes plain values, which may hold commas.
    public init(_ leading: String? = nil, _ properties: [Property] = []) {
        self.leading = leading
        self.properties = properties
    }

    /// Reads QEMU's own notation.
    public init(parsing text: String) {
        self.init()
        // QEMU's JSON notation has no commas to double.
        if text.hasPrefix("{") {
            leading = text
            return
        }
        for (index, part) in Self.split(text).enumerated() {
            if let equals = part.firstIndex(of: "=") {
                let value = part[part.index(after: equals)...]
                properties.append(Property(String(part[..<equals]), String(value)))
            } else if index == 0 {
                leading = part
            } else {
                properties.append(Property(part))
            }
        }
    }

    /// The last value given for a key.
    public subscript(key: String) -> String? {
        properties.last { $0.key == key }?.value
    }

    /// As QEMU reads it.
    public var text: String {
        if let leading, leading.hasPrefix("{") { return leading }
        let head = leading.map { [Self.escape($0)] } ?? []
        return
            (head
            + properties.map { property in
                property.value.map { "\(property.key)=\(Self.escape($0))" } ?? property.key
            }).joined(separator: ",")
    }

    private static func escape(_ value: String) -> String {
        value.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }

    private static func split(_ text: String) -> [String] {
        var parts: [String] = []
        var part = ""
        var rest = Substring(text)
        while let character = rest.popFirst() {
            if character != "," {
                part.append(character)
            } else if rest.first == "," {
                part.append(",")
                rest.removeFirst()
            } else {
                parts.append(part)
                part = ""
            }
        }
        return part.isEmpty ? parts : parts + [part]
    }
}
