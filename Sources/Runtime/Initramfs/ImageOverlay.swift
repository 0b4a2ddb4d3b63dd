import SystemPackage

/// Something of the host that is added to an image.
public enum ImageOverlay: Sendable, Equatable {
    /// All that is in a folder, from the image's root on.
    case folder(FilePath)
    /// One file, or one folder, at a path in the image.
    case placed(FilePath, at: String)

    /// Takes a word of the command line: a folder, `HOST=PATH`, or a file, which gets its own
    /// name in the image's root.
    public init(_ word: String) {
        let path = FilePath(word)
        if FileTree.isFolder(path) {
            self = .folder(path)
        } else if !FileTree.isFile(path), let cut = word.lastIndex(of: "=") {
            self = .placed(
                FilePath(String(word[..<cut])), at: String(word[word.index(after: cut)...]))
        } else {
            self = .placed(path, at: "/" + (path.lastComponent?.string ?? ""))
        }
    }

    fileprivate func add(to tree: inout InitramfsTree) throws(InitramfsError) {
        switch self {
        case .folder(let folder): try tree.addTree("/", from: folder)
        case .placed(let host, let path) where FileTree.isFolder(host):
            try tree.addTree(path, from: host)
        case .placed(let host, let path): try tree.addFile(path, from: host)
        }
    }
}

/// The entries of overlays, with their paths as they have to be behind a base image: through its
/// symlinks, so that `lib/x` lands in `usr/lib` where `lib` is a symlink. An entry for a folder
/// would replace that symlink, and all that lies behind it would be gone.
struct OverlayEntries {
    private let index: InitramfsNodeIndex
    private var folders: Set<[UInt8]> = [[]]
    private(set) var entries: [InitramfsEntry] = []
    /// Paths below which the base image has something.
    private var parents: Set<[UInt8]> = []

    init(_ overlays: [ImageOverlay], over base: [InitramfsNode]) throws(InitramfsError) {
        index = InitramfsNodeIndex(base)
        var tree = InitramfsTree()
        for overlay in overlays { try overlay.add(to: &tree) }
        for node in base {
            if let cut = node.path.lastIndex(of: UInt8(ascii: "/")) {
                parents.insert(Array(node.path[..<cut]))
            }
        }
        for entry in tree.entries where !entry.path.isRoot { try add(entry) }
    }

    private mutating func add(_ entry: InitramfsEntry) throws(InitramfsError) {
        var entry = entry
        let parent = entry.path.parent?.bytes ?? []
        guard let folder = index.place(of: parent, followLast: true) else {
            throw .symlinkLoop(entry.path)
        }
        try makeFolders(folder, for: entry.path)
        var place = folder.isEmpty ? [] : folder + [UInt8(ascii: "/")]
        place += entry.path.name
        if entry.isDirectory {
            guard let real = index.place(of: place, followLast: true) else {
                throw .symlinkLoop(entry.path)
            }
            try makeFolders(real, for: entry.path, mode: entry.mode)
            return
        }
        if let old = index[place], old.type == .directory, parents.contains(place) {
            throw .clash(entry.path, had: "a directory that is not empty", got: entry.kind.name)
        }
        if !entry.kind.isSymlink, leadsToDirectory(place) {
            throw .clash(entry.path, had: "a symlink to a directory", got: entry.kind.name)
        }
        entry.path = InitramfsPath(normalised: place)
        entries.append(entry)
    }

    /// Whether it is a symlink whose loss would take away all that is reached through it.
    private func leadsToDirectory(_ path: [UInt8]) -> Bool {
        guard index[path]?.type == .symlink,
            let target = index.place(of: path, followLast: true)
        else { return false }
        return index[target]?.type == .directory
    }

    /// Adds the folders that neither the image nor the overlay has so far.
    private mutating func makeFolders(
        _ path: [UInt8], for entry: InitramfsPath, mode: FileMode? = nil
    ) throws(InitramfsError) {
        if folders.contains(path) { return }
        if let node = index[path] {
            guard node.type == .directory else {
                throw .parentNotDirectory(
                    entry, parent: InitramfsPath(normalised: path), is: "a \(node.type.rawValue)")
            }
            folders.insert(path)
            return
        }
        let whole = InitramfsPath(normalised: path)
        try makeFolders(whole.parent?.bytes ?? [], for: entry)
        entries.append(try InitramfsEntry(path: whole, kind: .directory, mode: mode))
        folders.insert(path)
    }
}
