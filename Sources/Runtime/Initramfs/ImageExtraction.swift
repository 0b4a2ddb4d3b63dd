import Glibc
import SystemPackage

/// Writes what the kernel makes of an image into a folder of the host.
///
/// Files are made of the finished tree, in which symlinks, `..` and absolute names have been
/// followed within the image's own root: whatever the archive says, nothing lies outside.
public enum ImageExtraction {
    /// What came of it.
    public struct Result: Sendable {
        /// Number of files, folders, links and nodes that were made.
        public var made = 0
        /// What could not be made, and why; one sentence each.
        public var refused: [String] = []
        /// Whether more than device nodes are among what could not be made.
        public var isIncomplete = false
        /// What is wrong with the image itself.
        public var findings: [InitramfsFinding] = []
    }

    /// Extracts on a worker thread.
    ///
    /// - Parameters:
    ///   - paths: files, or folders with all below them, symlinks in the image followed, `*`, `?`
    ///     and `[…]` as in a shell; all of it where empty.
    ///   - folder: is made where it is missing.
    /// - Throws: ``InitramfsError`` where the image cannot be read, a path is not in it, or the
    ///   folder takes no more; `CancellationError`.
    public static func extract(
        _ file: FilePath, _ paths: [String] = [], into folder: FilePath
    ) async throws -> Result {
        try await WorkerThread.run { cancellation in
            var options = InitramfsReader.Options()
            options.isCancelled = { cancellation.isCancelled }
            let image = try InitramfsReader.read(file, options)
            let nodes = try selection(paths, of: image.tree, in: file)
            let writer = try ExtractionWriter(nodes, into: folder)
            try writer.makeFolders()
            options.onStart = { writer.start($0, keeping: $1) }
            options.onContent = { writer.write($0, $1) }
            options.isCancelled = { cancellation.isCancelled || writer.failure != nil }
            _ = try InitramfsReader.read(file, options)
            if cancellation.isCancelled { throw CancellationError() }
            var result = try writer.finish()
            result.findings = image.findings
            return result
        }
    }

    /// The nodes that are asked for, with the folders that they lie in.
    private static func selection(
        _ paths: [String], of tree: [InitramfsNode], in file: FilePath
    ) throws(InitramfsError) -> [InitramfsNode] {
        if paths.isEmpty { return tree }
        let index = InitramfsNodeIndex(tree)
        var wanted: Set<[UInt8]> = []
        for path in paths {
            let roots = matches(path, tree, index)
            guard !roots.isEmpty else {
                let known = tree.map { printable($0.path) }
                throw .noSuchEntry(path, in: file, near: nearest(to: path, among: known))
            }
            for root in roots + symlinks(on: path, index) { wanted.insert(root) }
        }
        if wanted.contains([]) { return tree }
        let slash = UInt8(ascii: "/")
        var chosen: Set<[UInt8]> = []
        for node in tree {
            let ends = node.path.indices.filter { node.path[$0] == slash } + [node.path.count]
            guard ends.contains(where: { wanted.contains(Array(node.path[..<$0])) }) else {
                continue
            }
            for end in ends { chosen.insert(Array(node.path[..<end])) }
        }
        return tree.filter { chosen.contains($0.path) }
    }

    /// Symlinks that a path goes through, so that it leads to the same file once it is extracted.
    private static func symlinks(on word: String, _ index: InitramfsNodeIndex) -> [[UInt8]] {
        let parts = word.utf8.split(separator: UInt8(ascii: "/"))
        return parts.indices.compactMap { end in
            let start = Array(parts[...end].joined(separator: [UInt8(ascii: "/")]))
            guard let place = index.place(of: start, followLast: false),
                index[place]?.type == .symlink
            else { return nil }
            return place
        }
    }

    /// Paths in the tree that a word names; the empty one is the root.
    private static func matches(
        _ word: String, _ tree: [InitramfsNode], _ index: InitramfsNodeIndex
    ) -> [[UInt8]] {
        if let place = index.place(of: word.utf8, followLast: word.hasSuffix("/")),
            place.isEmpty || index[place] != nil
        {
            return [place]
        }
        let pattern = String(word.drop { $0 == "/" })
        // A name that is not UTF-8 or holds a line end, as JSON or as a list shows it.
        if let same = tree.first(where: {
            $0.textPath == pattern || printable($0.path) == pattern
        }) {
            return [same.path]
        }
        guard word.contains(where: { "*?[".contains($0) }) else { return [] }
        return tree.map(\.path).filter { path in
            fnmatch(pattern, path.map { CChar(bitPattern: $0) } + [0], FNM_PATHNAME) == 0
        }
    }
}
