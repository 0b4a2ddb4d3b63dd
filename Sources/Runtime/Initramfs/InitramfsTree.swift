import SystemPackage

/// The files of an image that is being put together: what `qsh.initramfs.new` makes.
///
/// A plain value. Parents are made on demand, and paths go through the tree's own symlinks, so
/// that `/lib/x` lands in `usr/lib` where `lib` is a symlink, as it would at run time.
public struct InitramfsTree: Sendable, Equatable {
    private var table: [InitramfsPath: InitramfsEntry] = [:]
    private var linkGroups = 0
    /// Why an entry is here, where somebody wrote it down.
    var reasons: [InitramfsPath: PickReason] = [:]

    /// Makes an empty tree.
    public init() {}

    /// Number of entries.
    public var count: Int { table.count }

    /// All entries in the order of the image: parents first, then by bytes.
    public var entries: [InitramfsEntry] {
        // The places move more cheaply than the entries.
        let places = table.indices.sorted { table[$0].key < table[$1].key }
        return places.map { table[$0].value }
    }

    /// Whether it holds a file that only its owner may read, here or on the host.
    public var hasSecrets: Bool { table.values.contains(where: \.isSecretFile) }

    /// The entry at a path, symlinks on the way followed; nil where there is none.
    public func entry(at path: InitramfsPath) -> InitramfsEntry? {
        guard let resolved = try? resolvingParents(of: path).path else { return nil }
        return table[resolved]
    }

    /// Adds an entry, and its missing parents with mode 0755.
    ///
    /// At the same path the last one wins, and a directory only takes the new attributes.
    ///
    /// - Throws: where a directory would become something else, or the other way round.
    public mutating func add(_ entry: InitramfsEntry) throws(InitramfsError) {
        var entry = entry
        let place = try resolvingParents(of: entry.path)
        entry.path = place.path
        if entry.path.isRoot, !entry.isDirectory {
            throw .clash(entry.path, had: "a directory", got: entry.kind.name)
        }
        if !place.hasParent { try addParents(of: entry.path) }
        let old = table.updateValue(entry, forKey: entry.path)
        if let old, old.isDirectory != entry.isDirectory {
            table[entry.path] = old
            throw .clash(entry.path, had: old.kind.name, got: entry.kind.name)
        }
    }

    /// Makes room for entries that are about to come.
    mutating func reserve(_ more: Int) { table.reserveCapacity(table.count + more) }

    /// Takes an entry out, with everything below it.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    public mutating func remove(_ path: InitramfsPath) -> Bool {
        guard let resolved = try? resolvingParents(of: path).path, let old = table[resolved] else {
            return false
        }
        table[resolved] = nil
        if old.isDirectory {
            let prefix = resolved.bytes + [UInt8(ascii: "/")]
            table = table.filter { !$0.key.bytes.starts(with: prefix) }
        }
        return true
    }

    /// A number for the entries of one hard-linked file.
    mutating func newLinkGroup() -> Int {
        linkGroups += 1
        return linkGroups
    }

    private mutating func addParents(of path: InitramfsPath) throws(InitramfsError) {
        var missing: [InitramfsPath] = []
        var next = path.parent
        while let parent = next, !parent.isRoot, table[parent] == nil {
            missing.append(parent)
            next = parent.parent
        }
        for path in missing {
            table[path] = try InitramfsEntry(path: path, kind: .directory)
        }
    }
}

extension InitramfsTree {
    /// As many symlinks as the kernel follows in one path.
    private static let maximumSymlinks = 40

    /// Returns the path with the symlinks in its directories followed, but not in its last part;
    /// and whether its directory is known to be there.
    private func resolvingParents(
        of path: InitramfsPath
    ) throws(InitramfsError) -> (path: InitramfsPath, hasParent: Bool) {
        // Nearly always the parent is there as a directory, under the very same name.
        guard let parent = path.parent else { return (path, true) }
        if parent.isRoot || table[parent]?.isDirectory == true { return (path, true) }
        var left = Self.maximumSymlinks
        let directory = try resolve(parent.components, for: path, symlinksLeft: &left)
        return (try directory.appending(path.name), false)
    }

    private func resolve(
        _ components: [ArraySlice<UInt8>], for path: InitramfsPath, symlinksLeft: inout Int
    ) throws(InitramfsError) -> InitramfsPath {
        var pending = Array(components.reversed())
        var here = InitramfsPath.root
        while let component = pending.popLast() {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                here = here.parent ?? .root
                continue
            }
            let next = try here.appending(component)
            switch table[next]?.kind {
            case nil, .directory:
                here = next
            case .symlink(let target):
                symlinksLeft -= 1
                if symlinksLeft < 0 { throw .symlinkLoop(path) }
                if target.first == UInt8(ascii: "/") { here = .root }
                pending += target.split(separator: UInt8(ascii: "/")).reversed()
            case let kind?:
                throw .parentNotDirectory(path, parent: next, is: kind.name)
            }
        }
        return here
    }
}
