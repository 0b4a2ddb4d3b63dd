import SystemPackage

/// What takes the room in an image, before compression.
public struct GeneratorReport: Sendable, Equatable {
    /// A hook or a kind of file with its share.
    public struct Share: Sendable, Equatable {
        /// The hook, or the kind.
        public var name: String
        /// Bytes of its files.
        public var bytes: UInt64
        /// Number of its files.
        public var files: Int
    }

    /// Bytes of all files.
    public private(set) var bytes: UInt64 = 0
    /// Number of entries, folders included.
    public let entries: Int
    /// By hook, largest first; what nobody's hook asked for has an empty name.
    public private(set) var hooks: [Share] = []
    /// By reason, largest first.
    public private(set) var reasons: [Share] = []
    /// The ten largest files.
    public private(set) var largest: [Share] = []

    init(_ tree: InitramfsTree) throws(InitramfsError) {
        entries = tree.count
        var byHook: [String: Share] = [:]
        var byReason: [String: Share] = [:]
        var files: [Share] = []
        for entry in tree.entries {
            guard case .file(let content) = entry.kind else { continue }
            let size = try content.size()
            bytes += size
            let reason = tree.reasons[entry.path]
            let hook = reason?.hook ?? ""
            let kind = reason?.kind.rawValue ?? PickReason.Kind.data.rawValue
            byHook[hook, default: Share(name: hook, bytes: 0, files: 0)].add(size)
            byReason[kind, default: Share(name: kind, bytes: 0, files: 0)].add(size)
            files.append(Share(name: entry.path.display, bytes: size, files: 1))
        }
        hooks = Self.sorted(byHook.values)
        reasons = Self.sorted(byReason.values)
        largest = Array(Self.sorted(files).prefix(10))
    }

    private static func sorted(_ shares: some Sequence<Share>) -> [Share] {
        shares.sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
    }

    /// A table for people.
    public var text: String {
        var lines = ["      bytes  files  by hook"]
        lines += hooks.map { Self.line($0, $0.name.isEmpty ? "(asked for)" : $0.name) }
        lines.append("      bytes  files  by reason")
        lines += reasons.map { Self.line($0, $0.name) }
        lines.append("      bytes         largest files")
        lines += largest.prefix(5).map { "\(Self.padded($0.bytes, 11))         \($0.name)" }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func line(_ share: Share, _ name: String) -> String {
        "\(padded(share.bytes, 11)) \(padded(UInt64(share.files), 6))  \(name)"
    }

    private static func padded(_ number: UInt64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: " ", count: max(0, width - digits.count)) + digits
    }

    /// `{ bytes, entries, hooks, reasons, largest }`, each a list of `{ name, bytes, files }`.
    public var json: JSONValue {
        .object([
            "bytes": .integer(Int64(clamping: bytes)), "entries": .integer(Int64(entries)),
            "hooks": .array(hooks.map(\.json)), "reasons": .array(reasons.map(\.json)),
            "largest": .array(largest.map(\.json)),
        ])
    }
}

extension GeneratorReport.Share {
    fileprivate mutating func add(_ size: UInt64) {
        bytes += size
        files += 1
    }

    fileprivate var json: JSONValue {
        .object([
            "name": .string(name), "bytes": .integer(Int64(clamping: bytes)),
            "files": .integer(Int64(files)),
        ])
    }
}

extension FileContent {
    /// In bytes.
    fileprivate func size() throws(InitramfsError) -> UInt64 {
        switch self {
        case .bytes(let bytes): UInt64(bytes.count)
        case .host(let file): try HostFile.readableStatus(of: file).size
        case .hostRange(_, _, let length): length
        }
    }
}
