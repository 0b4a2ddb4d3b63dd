/// The file system that the kernel builds while it unpacks: a root with the few calls that
/// `init/initramfs.c` makes, and their ways to fail.
struct KernelTree {
    struct Inode {
        var type: InitramfsNode.FileType
        var mode: UInt16 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        var links = 1
        var size: UInt64 = 0
        var target: [UInt8] = []
        var device: UInt32 = 0
        var modificationTime: UInt32?
        var digest: [UInt8] = []
        var head: [UInt8] = []
        var offset = 0
        var program: ELFProgram?
        var sum: UInt64?
        /// Of a directory.
        var children: [[UInt8]: Int] = [:]
        var parent = 0
    }

    /// Why a call fails, as errno says it.
    enum Failure: Error {
        case noParent, notDirectory, nameTooLong, loop, exists, isDirectory, notEmpty, busy
        case foreignSymlink
    }

    /// Where a path leads.
    struct Place {
        /// The directory that holds or would hold it.
        var directory: Int
        /// Its name there; nil for the root and for paths that end in a dot.
        var name: [UInt8]?
        /// What is there now.
        var inode: Int?
        /// Whether the path ends in a slash, so that only a directory can be there.
        var mustBeDirectory: Bool
    }

    static let root = 0
    /// As many as the kernel follows in one path.
    private static let maximumSymlinks = 40

    /// The root is a tmpfs, which is sticky and open to all.
    private(set) var inodes = [Inode(type: .directory, mode: sticky)]
    private static let sticky: UInt16 = 0o1777
    private static let stickyBits: UInt16 = 0o1002

    subscript(inode: Int) -> Inode {
        get { inodes[inode] }
        _modify { yield &inodes[inode] }
    }

    /// Walks a path from the root.
    ///
    /// - Parameter follow: whether a symlink in the last place is followed.
    func look(up path: some Collection<UInt8>, follow: Bool) throws(Failure) -> Place {
        let slash = UInt8(ascii: "/")
        var pending = Array(path.split(separator: slash).map { Array($0) }.reversed())
        guard !path.isEmpty else { throw .noParent }
        // Only the path's own last slash counts: a symlink's target is followed anyway.
        let endsInSlash = Array(path.suffix(1)) == [slash]
        var here = Self.root
        var symlinks = 0
        while let component = pending.popLast() {
            let isLast = pending.isEmpty
            if component == [0x2E] || component == [0x2E, 0x2E] {
                if component.count == 2 { here = inodes[here].parent }
                continue
            }
            if component.count > InitramfsPath.maximumComponent { throw .nameTooLong }
            guard let next = inodes[here].children[component] else {
                guard isLast else { throw .noParent }
                return Place(
                    directory: here, name: component, inode: nil,
                    mustBeDirectory: endsInSlash)
            }
            switch inodes[next].type {
            case .directory where !isLast:
                here = next
            case .symlink where !isLast || follow || endsInSlash:
                symlinks += 1
                if symlinks > Self.maximumSymlinks { throw .loop }
                if isLast, !mayFollow(next, in: here) { throw .foreignSymlink }
                let target = inodes[next].target
                // Nothing to walk is no error before the last place.
                if target.isEmpty, isLast { throw .noParent }
                if target.first == slash { here = Self.root }
                pending += target.split(separator: slash).map { Array($0) }.reversed()
            default:
                guard isLast else { throw .notDirectory }
                if endsInSlash, inodes[next].type != .directory { throw .notDirectory }
                return Place(
                    directory: here, name: component, inode: next,
                    mustBeDirectory: endsInSlash)
            }
        }
        return Place(directory: here, name: nil, inode: here, mustBeDirectory: true)
    }

    /// `may_follow_link` of fs/namei.c, where `protected_symlinks` is on, as in Debian's kernels.
    private func mayFollow(_ symlink: Int, in directory: Int) -> Bool {
        let (link, holder) = (inodes[symlink], inodes[directory])
        return holder.mode & Self.stickyBits != Self.stickyBits
            || link.uid == 0 || link.uid == holder.uid
    }

    /// Makes something new where nothing is.
    mutating func create(_ inode: Inode, at place: Place) throws(Failure) -> Int {
        guard let name = place.name, place.inode == nil else { throw .exists }
        if place.mustBeDirectory, inode.type != .directory { throw .isDirectory }
        var inode = inode
        inode.parent = place.directory
        // `inode_init_owner`: what is made in a set-group-ID directory is of its group.
        if inodes[place.directory].mode & 0o2000 != 0 { inode.gid = inodes[place.directory].gid }
        inodes.append(inode)
        inodes[place.directory].children[name] = inodes.count - 1
        return inodes.count - 1
    }

    /// Gives a file a further name.
    mutating func link(_ inode: Int, at place: Place) throws(Failure) {
        guard let name = place.name, place.inode == nil else { throw .exists }
        if place.mustBeDirectory { throw .noParent }
        inodes[place.directory].children[name] = inode
        inodes[inode].links += 1
    }

    /// `rmdir` of what was looked up, or `unlink`, whichever fits. Neither follows a symlink in the
    /// last place, not even before a slash, as looking up does.
    mutating func remove(_ path: some Collection<UInt8>, lookedUp inode: Int) throws(Failure) {
        let slash = UInt8(ascii: "/")
        let bare = path.prefix(path.count - path.reversed().prefix { $0 == slash }.count)
        let place = try look(up: bare, follow: false)
        guard let name = place.name else { throw .busy }
        guard place.inode == inode else { throw .notDirectory }
        if inodes[inode].type == .directory {
            if !inodes[inode].children.isEmpty { throw .notEmpty }
        } else {
            inodes[inode].links -= 1
        }
        inodes[place.directory].children[name] = nil
    }

    /// All that exists below the root, in order of path.
    func nodes() -> [InitramfsNode] {
        var nodes: [InitramfsNode] = []
        var pending: [(path: [UInt8], inode: Int)] = [([], Self.root)]
        while let (path, number) = pending.popLast() {
            if number != Self.root { nodes.append(node(path, number)) }
            for (name, child) in inodes[number].children {
                pending.append((path.isEmpty ? name : path + [UInt8(ascii: "/")] + name, child))
            }
        }
        return nodes.sorted { $0.path.lexicographicallyPrecedes($1.path) }
    }

    private func node(_ path: [UInt8], _ number: Int) -> InitramfsNode {
        let inode = inodes[number]
        return InitramfsNode(
            path: path, type: inode.type, mode: inode.mode, uid: inode.uid, gid: inode.gid,
            links: inode.links, size: inode.size, target: inode.target, major: inode.device >> 20,
            minor: inode.device & 0xF_FFFF, modificationTime: inode.modificationTime,
            digest: inode.digest, head: inode.head, inode: number, offset: inode.offset,
            program: inode.program, sum: inode.sum)
    }
}

extension KernelTree.Failure {
    /// For findings: "because …".
    var reason: String {
        switch self {
        case .noParent: "the directory that holds it does not exist at this point"
        case .notDirectory: "a part of its path is not a directory"
        case .nameTooLong: "a part of its name is longer than 255 bytes"
        case .loop: "the symlinks on its way form a loop"
        case .exists: "something else is there already"
        case .isDirectory: "a directory is there, or its name ends in a slash"
        case .notEmpty: "a directory that is not empty is there"
        case .busy: "its path is the root directory"
        case .foreignSymlink:
            "it is a symlink of another user in a directory that all may write to"
        }
    }
}
