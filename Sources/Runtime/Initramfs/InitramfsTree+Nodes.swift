import SystemPackage

extension InitramfsTree {
    /// The tree as the kernel will have it, as far as lint looks.
    ///
    /// - Throws: where a program of the host cannot be read.
    func nodes() throws(InitramfsError) -> [InitramfsNode] {
        var nodes: [InitramfsNode] = []
        for (number, entry) in entries.enumerated() {
            var node = InitramfsNode(
                path: entry.path.bytes, type: entry.kind.nodeType, mode: entry.mode.bits,
                uid: entry.uid, gid: entry.gid, links: 1, size: 0, target: [], major: 0, minor: 0,
                modificationTime: entry.modificationTime, digest: [], head: [], inode: number)
            switch entry.kind {
            case .symlink(let target): node.target = target
            case .file(let content): (node.size, node.head) = try content.sizeAndHead()
            case .characterDevice(let major, let minor), .blockDevice(let major, let minor):
                (node.major, node.minor) = (major, minor)
            case .directory, .fifo, .socket: break
            }
            nodes.append(node)
        }
        return nodes
    }
}

extension FileContent {
    private static let headSize = 1024

    fileprivate func sizeAndHead() throws(InitramfsError) -> (UInt64, [UInt8]) {
        switch self {
        case .bytes(let bytes): (UInt64(bytes.count), Array(bytes.prefix(Self.headSize)))
        case .host(let file):
            try (
                HostFile.readableStatus(of: file).size,
                HostFile.contents(of: file, limit: Self.headSize)
            )
        case .hostRange(let file, let offset, let length):
            try (
                length,
                ImageInput(opening: file).bytes(
                    at: Int(clamping: offset), count: min(Self.headSize, Int(clamping: length)))
            )
        }
    }
}

extension InitramfsEntry.Kind {
    fileprivate var nodeType: InitramfsNode.FileType {
        switch self {
        case .directory: .directory
        case .file: .file
        case .symlink: .symlink
        case .characterDevice: .character
        case .blockDevice: .block
        case .fifo: .fifo
        case .socket: .socket
        }
    }
}
