import Glibc
import SystemPackage

/// Makes the nodes of a tree in a folder: folders first, then files as their bytes pass, then
/// links and devices, and at last modes, owners and times.
final class ExtractionWriter {
    private struct Open {
        var inode: Int
        var path: [UInt8]
        var descriptor: Int32
        var written: UInt64
        var size: UInt64
    }

    private let nodes: [InitramfsNode]
    private let name: FilePath
    private let folder: ConfinedFolder
    /// The first node of each file.
    private var files: [Int: InitramfsNode] = [:]
    private var open: Open?
    private var isMade: Set<[UInt8]> = []
    private var result = ImageExtraction.Result()
    /// Why the folder takes no more.
    private(set) var failure: InitramfsError?

    init(_ nodes: [InitramfsNode], into path: FilePath) throws(InitramfsError) {
        self.nodes = nodes
        name = path
        do throws(Errno) {
            folder = try ConfinedFolder(path)
        } catch {
            throw .outputFailed(path, reason: error.description)
        }
        for node in nodes where node.type == .file && files[node.inode] == nil {
            files[node.inode] = node
        }
    }

    deinit { if let open { close(open.descriptor) } }

    func makeFolders() throws(InitramfsError) {
        for node in nodes where node.type == .directory {
            attempt(node) { () throws(Errno) in try folder.makeFolder(node.path) }
        }
        if let failure { throw failure }
    }

    /// A file begins, perhaps anew; `kept` bytes of what it holds stay until they are written over.
    func start(_ inode: Int, keeping kept: UInt64) {
        finishFile()
        guard failure == nil, let node = files[inode] else { return }
        attempt(node) { () throws(Errno) in
            if kept == 0 { try folder.clear(node.path) }
            let creation = kept == 0 ? O_CREAT | O_EXCL : 0
            let flags = O_WRONLY | creation | O_NOFOLLOW | O_CLOEXEC
            let descriptor = try folder.call(node.path) { openat($0, $1, flags, 0o600) }
            if kept > 0, ftruncate(descriptor, off_t(clamping: kept)) != 0 {
                let code = Errno(rawValue: errno)
                close(descriptor)
                throw code
            }
            open = Open(
                inode: inode, path: node.path, descriptor: descriptor, written: 0, size: node.size)
        }
    }

    func write(_ inode: Int, _ bytes: UnsafeRawBufferPointer) {
        guard let file = open, file.inode == inode, failure == nil else { return }
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(file.descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return fail(Errno(rawValue: errno), file.path) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        open?.written += UInt64(bytes.count)
    }

    func finish() throws(InitramfsError) -> ImageExtraction.Result {
        finishFile()
        for node in nodes where failure == nil {
            switch node.type {
            case .directory: continue
            case .file: linkFile(node)
            case .symlink: makeSymlink(node)
            case .character, .block, .fifo, .socket: makeNode(node)
            }
        }
        if let failure { throw failure }
        // Folders last and from the inside out: making files changes their times, and a mode
        // may forbid it.
        for node in nodes where node.type != .directory { dress(node) }
        for node in nodes.reversed() where node.type == .directory { dress(node) }
        result.made = isMade.count
        return result
    }

    /// What the image does not bring reads as zeros, as in the kernel.
    private func finishFile() {
        guard let file = open else { return }
        open = nil
        var code: Int32 = 0
        if failure == nil, file.written != file.size,
            ftruncate(file.descriptor, off_t(clamping: file.size)) != 0
        {
            code = errno
        }
        if close(file.descriptor) != 0, code == 0, failure == nil { code = errno }
        if code != 0 { fail(Errno(rawValue: code), file.path) }
    }

    private func fail(_ error: Errno, _ path: [UInt8]) {
        // No half file under the name of a whole one.
        try? folder.clear(path)
        let full = error == .noSpace || error == Errno(rawValue: EDQUOT)
        let file = name.appending(bytes: path)
        failure = full ? .extractionFull(name) : .outputFailed(file, reason: error.description)
    }

    /// Does one step for a node; what is refused is reported, and the rest goes on.
    private func attempt(_ node: InitramfsNode, _ body: () throws(Errno) -> Void) {
        do throws(Errno) {
            try body()
            isMade.insert(node.path)
        } catch .noSpace {
            failure = .extractionFull(name)
        } catch {
            refuse(node, error)
        }
    }

    private func refuse(_ node: InitramfsNode, _ error: Errno) {
        result.isIncomplete = true
        result.refused.append(
            "`\(printable(node.path))` is not extracted: \(error.description)")
    }
}

extension ExtractionWriter {
    private func linkFile(_ node: InitramfsNode) {
        guard let first = files[node.inode], first.path != node.path else { return }
        attempt(node) { () throws(Errno) in
            try folder.clear(node.path)
            // One folder is kept open at a time, so the first name's gets a descriptor of its own.
            let source = try folder.call(first.path) {
                _ = $1
                return fcntl($0, F_DUPFD_CLOEXEC, 3)
            }
            defer { close(source) }
            let cut = first.path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
            let name = first.path[cut...].map { CChar(bitPattern: $0) } + [0]
            try folder.call(node.path) { linkat(source, name, $0, $1, 0) }
        }
    }

    private func makeSymlink(_ node: InitramfsNode) {
        attempt(node) { () throws(Errno) in
            try folder.clear(node.path)
            let target = node.target.map { CChar(bitPattern: $0) } + [0]
            try folder.call(node.path) { symlinkat(target, $0, $1) }
        }
    }

    private func makeNode(_ node: InitramfsNode) {
        let types: [InitramfsNode.FileType: mode_t] = [
            .character: S_IFCHR, .block: S_IFBLK, .fifo: S_IFIFO, .socket: S_IFSOCK,
        ]
        let type = types[node.type] ?? S_IFIFO
        // glibc's gnu_dev_makedev.
        let device =
            UInt64(node.minor & 0xFF) | UInt64(node.major & 0xFFF) << 8
            | UInt64(node.minor & ~0xFF) << 12 | UInt64(node.major & ~0xFFF) << 32
        do throws(Errno) {
            try folder.clear(node.path)
            try folder.call(node.path) { mknodat($0, $1, type | 0o600, dev_t(device)) }
            isMade.insert(node.path)
        } catch .notPermitted {
            result.refused.append(
                "`\(printable(node.path))` is not extracted: making a \(node.type.rawValue) "
                    + "device \(node.major):\(node.minor) needs root")
        } catch {
            refuse(node, error)
        }
    }

    /// Gives a node its owner, as far as that is permitted, its mode and its time.
    private func dress(_ node: InitramfsNode) {
        guard isMade.contains(node.path) else { return }
        let isOwn = geteuid() == 0
        let owned =
            isOwn
            && (try? folder.call(node.path) {
                fchownat($0, $1, node.uid, node.gid, AT_SYMLINK_NOFOLLOW)
            }) != nil
        if node.type != .symlink {
            // Set-id bits without the owner that they were meant for are a trap.
            let mode = owned ? node.mode : node.mode & ~0o6000
            _ = try? folder.call(node.path) { fchmodat($0, $1, mode_t(mode), 0) }
        }
        guard let seconds = node.modificationTime else { return }
        let moment = timespec(tv_sec: Int(seconds), tv_nsec: 0)
        let times = [moment, moment]
        _ = try? folder.call(node.path) { utimensat($0, $1, times, AT_SYMLINK_NOFOLLOW) }
    }
}
