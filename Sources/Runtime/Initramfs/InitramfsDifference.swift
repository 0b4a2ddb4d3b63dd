import SystemPackage

/// What differs between the trees that the kernel makes of two images.
public struct InitramfsDifference: Sendable {
    /// One path that is not the same in both.
    public struct Change: Sendable {
        /// What a change can be in.
        public enum Aspect: String, Sendable, CaseIterable {
            case type, mode, owner, size, content, target, device, links, mtime
        }

        /// The node in the first image; nil where it is new.
        public var before: InitramfsNode?
        /// The node in the second image; nil where it is gone.
        public var after: InitramfsNode?
        /// In what they differ, where both are there.
        public var aspects: [Aspect]

        /// The path.
        public var path: [UInt8] { (after ?? before)?.path ?? [] }
        /// By how many bytes the file grew.
        public var growth: Int {
            Int(clamping: after?.size ?? 0) - Int(clamping: before?.size ?? 0)
        }
    }

    /// All changes, the largest growth or loss first, then in order of path.
    public let changes: [Change]
    /// Bytes of all files in the first and in the second image, hard links counted once.
    public let bytes: (before: Int, after: Int)
    /// Where the kernel would lose something of the first or of the second image, or stop.
    public private(set) var damage: (before: [InitramfsFinding], after: [InitramfsFinding]) =
        ([], [])

    /// Whether the trees differ, or what keeps them from being whole.
    public var isEmpty: Bool {
        changes.isEmpty && damage.before.map(\.message) == damage.after.map(\.message)
    }

    /// Compares two images on a worker thread, contents by a sum of all bytes.
    ///
    /// - Parameter times: whether other times alone make two files differ.
    /// - Throws: ``InitramfsError`` where one cannot be read or is a kernel; `CancellationError`.
    public static func compare(
        _ first: FilePath, _ second: FilePath, times: Bool = false
    ) async throws -> InitramfsDifference {
        try await WorkerThread.run { cancellation in
            var options = InitramfsReader.Options()
            options.sums = true
            options.isCancelled = { cancellation.isCancelled }
            for file in [first, second] where UnifiedKernelImage(looking: file) == nil {
                // Both trees would be empty, and all kernels the same.
                if (try? KernelDescription(looking: file)) != nil {
                    throw InitramfsError.kernelCompared(file)
                }
            }
            let before = try InitramfsReader.read(first, options)
            let after = try InitramfsReader.read(second, options)
            if cancellation.isCancelled { throw CancellationError() }
            var found = InitramfsDifference(before.tree, after.tree, times: times)
            let errors = { (image: InitramfsImage) in
                image.findings.filter { $0.severity == .error }
            }
            found.damage = (errors(before), errors(after))
            return found
        }
    }

    init(_ before: [InitramfsNode], _ after: [InitramfsNode], times: Bool) {
        var changes: [Change] = []
        let old = Dictionary(before.map { ($0.path, $0) }) { $1 }
        let new = Dictionary(after.map { ($0.path, $0) }) { $1 }
        for node in before where new[node.path] == nil {
            changes.append(Change(before: node, after: nil, aspects: []))
        }
        for node in after {
            let aspects = old[node.path].map { Self.aspects($0, node, times: times) }
            if aspects?.isEmpty == true { continue }
            changes.append(Change(before: old[node.path], after: node, aspects: aspects ?? []))
        }
        self.changes = changes.sorted { left, right in
            let (one, other) = (abs(left.growth), abs(right.growth))
            return one == other ? left.path.lexicographicallyPrecedes(right.path) : one > other
        }
        bytes = (Self.bytes(before), Self.bytes(after))
    }

    private static func bytes(_ tree: [InitramfsNode]) -> Int {
        var seen: Set<Int> = []
        return tree.reduce(0) { sum, node in
            node.type == .file && seen.insert(node.inode).inserted
                ? sum + Int(clamping: node.size) : sum
        }
    }

    private static func aspects(
        _ old: InitramfsNode, _ new: InitramfsNode, times: Bool
    ) -> [Change.Aspect] {
        if old.type != new.type { return [.type] }
        let differs: [Change.Aspect: Bool] = [
            .mode: old.mode != new.mode, .owner: (old.uid, old.gid) != (new.uid, new.gid),
            .size: old.size != new.size, .content: old.sum != new.sum,
            .target: old.target != new.target,
            .device: (old.major, old.minor) != (new.major, new.minor),
            .links: old.links != new.links,
            .mtime: times && old.modificationTime != new.modificationTime,
        ]
        return Change.Aspect.allCases.filter { differs[$0] == true }
    }
}

extension InitramfsDifference {
    /// One line for each change and a sum, each with its end; empty where nothing differs.
    public var text: String {
        if changes.isEmpty { return "" }
        let rows = changes.map { change in
            (change.kind, Self.signed(change.growth), change)
        }
        let width = rows.map(\.1.utf8.count).max() ?? 0
        let lines = rows.map { kind, growth, change in
            let aspects = change.aspects.map(\.rawValue).joined(separator: ", ")
            let pad = String(repeating: " ", count: width - growth.utf8.count)
            return kind + String(repeating: " ", count: 9 - kind.utf8.count) + pad + growth + "  "
                + printable(change.path) + (aspects.isEmpty ? "" : " (\(aspects))")
        }
        let counts = ["added", "removed", "changed"].map { kind in
            "\(rows.count { $0.0 == kind }) \(kind)"
        }
        let growth = Self.signed(bytes.after - bytes.before)
        return (lines + ["\(counts.joined(separator: ", ")), \(growth) bytes"])
            .map { $0 + "\n" }.joined()
    }

    private static func signed(_ number: Int) -> String {
        number > 0 ? "+\(number)" : "\(number)"
    }

    /// `{ added, removed, changed, bytes }`: nodes as in `inspect`, and of what changed
    /// `{ path, what, before, after }`.
    public var json: JSONValue {
        func nodes(_ kind: String, _ node: KeyPath<Change, InitramfsNode?>) -> JSONValue {
            .array(changes.filter { $0.kind == kind }.compactMap { $0[keyPath: node]?.json })
        }
        let changed = changes.filter { $0.kind == "changed" }.map { change -> JSONValue in
            [
                "path": .string(change.after?.textPath ?? ""),
                "what": .array(change.aspects.map { .string($0.rawValue) }),
                "before": change.before?.json ?? .null, "after": change.after?.json ?? .null,
            ]
        }
        return [
            "added": nodes("added", \.after), "removed": nodes("removed", \.before),
            "changed": .array(changed),
            "bytes": [
                "before": .integer(Int64(bytes.before)), "after": .integer(Int64(bytes.after)),
            ],
        ]
    }
}

extension InitramfsDifference.Change {
    /// `added`, `removed` or `changed`.
    public var kind: String {
        before == nil ? "added" : after == nil ? "removed" : "changed"
    }
}
