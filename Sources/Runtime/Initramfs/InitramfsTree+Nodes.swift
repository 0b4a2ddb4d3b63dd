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
            case .file(let content): try content.describe(&node)
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

    /// Fills in the size, the first bytes, and what a program needs.
    fileprivate func describe(_ node: inout InitramfsNode) throws(InitramfsError) {
        switch self {
        case .bytes(let bytes):
            node.size = UInt64(bytes.count)
            node.head = Array(bytes.prefix(Self.headSize))
            node.program = ELFProgram(bytes)
        case .host(let file):
            node.size = try HostFile.readableStatus(of: file).size
            try describe(ImageInput(opening: file), from: 0, &node)
        case .hostRange(let file, let offset, let length):
            node.size = length
            try describe(ImageInput(opening: file), from: Int(clamping: offset), &node)
        }
    }

    private func describe(
        _ input: ImageInput, from start: Int, _ node: inout InitramfsNode
    ) throws(InitramfsError) {
        let size = Int(clamping: node.size)
        node.head = try input.bytes(at: start, count: min(Self.headSize, size))
        guard ELFFields.starts(node.head) else { return }
        var failure: InitramfsError?
        node.program = ELFProgram { offset, count in
            guard offset < size, failure == nil else { return [] }
            do throws(InitramfsError) {
                return try input.bytes(at: start + offset, count: min(count, size - offset))
            } catch {
                failure = error
                return []
            }
        }
        if let failure { throw failure }
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
