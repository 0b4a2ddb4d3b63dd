import SystemPackage

/// Puts files of a root into an image under the paths that they have there, symlinks kept.
struct ProgramPlacement {
    let root: HostRoot

    /// Adds what lies at `path`, with each symlink on the way that the image does not have.
    ///
    /// Where the image has a real directory in a symlink's place, the file goes into that.
    ///
    /// - Returns: where the file itself is now, in the image and on the host.
    func add(
        _ path: String, to tree: inout InitramfsTree, _ reason: PickReason
    ) throws -> (image: InitramfsPath, host: String) {
        var pending = Self.parts(path).reversed() as [String]
        var image: [String] = []
        var host: [String] = []
        var links = 0
        while let part = pending.popLast() {
            if part == "." { continue }
            if part == ".." {
                _ = image.popLast()
                _ = host.popLast()
                continue
            }
            guard let target = root.readlink(root.inside(host + [part])) else {
                image.append(part)
                host.append(part)
                continue
            }
            links += 1
            if links > 40 { throw try InitramfsError.symlinkLoop(InitramfsPath(path)) }
            let here = try InitramfsPath((image + [part]).joined(separator: "/"))
            if try keeps(target, at: here, in: &tree, reason) {
                if target.hasPrefix("/") { (image, host) = ([], []) }
                pending += Self.parts(target).reversed()
            } else {
                image.append(part)
                if target.hasPrefix("/") { host = [] }
                try follow(Self.parts(target), &host, path)
            }
        }
        let file = root.inside(host)
        let place = try InitramfsPath(image.joined(separator: "/"))
        if tree.entry(at: place) == nil {
            try tree.addFile(place.display, from: FilePath(file))
        }
        tree.explain(place, reason)
        return (tree.entry(at: place)?.path ?? place, file)
    }

    /// Makes the symlink where nothing is; false where the image has something else there.
    private func keeps(
        _ target: String, at path: InitramfsPath, in tree: inout InitramfsTree,
        _ reason: PickReason
    ) throws -> Bool {
        switch tree.entry(at: path)?.kind {
        case nil:
            try tree.addSymlink(path.display, target: target)
            tree.explain(path, reason)
            return true
        case .symlink(let own): return own.elementsEqual(target.utf8)
        default: return false
        }
    }

    private func follow(_ parts: [String], _ host: inout [String], _ path: String) throws {
        var pending = parts.reversed() as [String]
        var links = 0
        while let part = pending.popLast() {
            if part == "." { continue }
            if part == ".." {
                _ = host.popLast()
                continue
            }
            guard let target = root.readlink(root.inside(host + [part])) else {
                host.append(part)
                continue
            }
            links += 1
            if links > 40 { throw try InitramfsError.symlinkLoop(InitramfsPath(path)) }
            if target.hasPrefix("/") { host = [] }
            pending += Self.parts(target).reversed()
        }
    }

    private static func parts(_ path: String) -> [String] {
        path.split(separator: "/").map(String.init)
    }
}
