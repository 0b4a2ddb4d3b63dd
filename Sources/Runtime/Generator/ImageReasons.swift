import SystemPackage

/// Why a file is in an image that exists already: what the image says of itself, or else what its
/// own files tell: who needs a library, which module uses another.
public enum ImageReasons {
    /// The chain of reasons, the file itself first.
    ///
    /// - Parameter name: a path, the name of a module, or that of the only file of this name.
    /// - Throws: ``InitramfsError``, ``GeneratorError``.
    public static func why(_ name: String, in image: FilePath) async throws -> [PickStep] {
        try await WorkerThread.run { _ in
            var options = InitramfsReader.Options()
            options.programs = true
            let read = try InitramfsReader.read(image, options)
            let index = InitramfsNodeIndex(read.tree)
            let place = try place(of: name, in: read.tree, index, image)
            let path = InitramfsPath(normalised: place.path)
            let notes = try contents(of: index.resolve(ReasonFile.path.utf8), in: image)
            if !notes.isEmpty {
                let steps = chain(from: path, ReasonFile.parse(notes), read.tree)
                if !steps.isEmpty { return steps }
            }
            let evidence = ImageEvidence(read.tree, index, try ImageContents(of: image, read.tree))
            let steps = evidence.chain(from: place)
            if steps.isEmpty { throw GeneratorError.noReason(path.display, image) }
            return steps
        }
    }

    private static func place(
        of name: String, in tree: [InitramfsNode], _ index: InitramfsNodeIndex, _ image: FilePath
    ) throws -> InitramfsNode {
        if let bytes = index.place(of: name.utf8, followLast: false), let node = index[bytes] {
            return node
        }
        let module = KernelModuleFile.canonical(name)
        let found = tree.first {
            $0.type == .file && KernelModuleFile(printable($0.path))?.name == module
        }
        if let found { return found }
        let named = tree.filter {
            $0.type != .directory
                && printable($0.path).split(separator: "/").last.map(String.init) == name
        }
        // A symlink beside what it leads to is no second file.
        let files = named.filter { $0.type != .symlink }
        for some in [named, files] where some.count == 1 { return some[0] }
        if named.count > 1 {
            throw GeneratorError.severalNamed(name, image, named.map { "/" + printable($0.path) })
        }
        let names = tree.map { "/" + printable($0.path) }
        let asked = name.hasPrefix("/") ? name : "/\(name)"
        throw GeneratorError.notInImage(name, image, near: nearest(to: asked, among: names))
    }

    private static func chain(
        from path: InitramfsPath, _ reasons: [InitramfsPath: PickReason], _ tree: [InitramfsNode]
    ) -> [PickStep] {
        var steps: [PickStep] = []
        var next: InitramfsPath? = path
        var seen: Set<InitramfsPath> = []
        if reasons[path] == nil {
            let inside = path.bytes + [UInt8(ascii: "/")]
            let first = reasons.keys.filter { $0.bytes.starts(with: inside) }.min()
            guard let first else { return [] }
            let reason = PickReason(.data, "folder of", because: first)
            steps.append(PickStep(path: path.display, reason: reason))
            next = first
        }
        while let here = next, seen.insert(here).inserted, let reason = reasons[here] {
            steps.append(PickStep(path: here.display, reason: reason))
            next = reason.because
        }
        return steps
    }

    /// The bytes of one file of an image; none where there is no such file.
    static func contents(
        of node: InitramfsNode?, in image: FilePath
    ) throws(InitramfsError) -> [UInt8] {
        guard let node, node.type == .file, node.size < 16 << 20 else { return [] }
        var bytes: [UInt8] = []
        var options = InitramfsReader.Options()
        options.onStart = { inode, _ in if inode == node.inode { bytes = [] } }
        options.onContent = { inode, piece in if inode == node.inode { bytes += piece } }
        _ = try InitramfsReader.read(image, options)
        return bytes
    }
}
