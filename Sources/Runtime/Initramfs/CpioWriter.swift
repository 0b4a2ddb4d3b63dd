import Glibc
import SystemPackage

/// What an image says where its entries do not.
public struct CpioConfiguration: Sendable, Equatable {
    /// Time of last change, in seconds since 1970, of entries that have none of their own.
    public var modificationTime: UInt32
    /// The image's length is a multiple of this many bytes.
    public var blockSize: Int

    /// Makes a configuration; by default all times are 0 and blocks are 512 bytes, as cpio's.
    public init(modificationTime: UInt32 = 0, blockSize: Int = 512) {
        self.modificationTime = modificationTime
        self.blockSize = blockSize
    }

    /// Takes the time from `SOURCE_DATE_EPOCH` (https://reproducible-builds.org) where it is set.
    public static func fromEnvironment() throws(InitramfsError) -> CpioConfiguration {
        guard let raw = getenv("SOURCE_DATE_EPOCH") else { return CpioConfiguration() }
        let text = String(cString: raw)
        guard let seconds = UInt32(text) else { throw .badSourceDateEpoch(text) }
        return CpioConfiguration(modificationTime: seconds)
    }
}

/// Writes entries as one `newc` archive, in the order given, in constant memory.
///
/// Inodes are numbered from 1, the archive's device is 0:0, and the link count is 1 except for
/// hard links that are all in the archive: the kernel keeps 8 KiB for each entry above 1.
struct CpioWriter {
    let sink: any ImageSink
    private let configuration: CpioConfiguration
    var offset = 0
    private var nextInode: UInt32 = 1
    private var links = LinkTable()

    init(to sink: any ImageSink, _ configuration: CpioConfiguration) {
        self.sink = sink
        self.configuration = configuration
    }

    /// Writes a whole archive with its trailer and padding.
    ///
    /// - Parameter afterTrailer: false where an archive before this one may have no trailer: one
    ///   then comes first, so that no hard link reaches across.
    mutating func write(
        _ entries: [InitramfsEntry], afterTrailer: Bool = true, unless cancelled: () -> Bool
    ) throws {
        if !afterTrailer { try writeTrailer(blockSize: 4) }
        for entry in entries { links.count(entry) }
        var small = SmallFiles(of: entries)
        for entry in entries {
            if cancelled() { throw CancellationError() }
            try write(entry, read: small.next())
            try sink.entryEnds()
        }
        try writeTrailer(blockSize: configuration.blockSize)
        try sink.finish()
    }

    private mutating func write(
        _ entry: InitramfsEntry, read contents: ArraySlice<UInt8>?
    ) throws(InitramfsError) {
        var header = CpioHeader()
        header.mode = entry.kind.typeBits | UInt32(entry.mode.bits)
        header.uid = entry.uid
        header.gid = entry.gid
        header.modificationTime = entry.modificationTime ?? configuration.modificationTime
        let carriesData = number(&header, for: entry)
        switch entry.kind {
        case .directory, .fifo, .socket:
            try writeHead(&header, entry.path)
        case .characterDevice(let major, let minor), .blockDevice(let major, let minor):
            header.nodeMajor = major
            header.nodeMinor = minor
            try writeHead(&header, entry.path)
        case .symlink(let target):
            try writeHead(&header, entry.path, data: target[...])
        case .file where !carriesData:
            try writeHead(&header, entry.path)
        case .file(.bytes(let bytes)):
            try writeHead(&header, entry.path, data: bytes[...])
        case .file(.host(let file)):
            if let contents { return try writeHead(&header, entry.path, data: contents) }
            try writeHost(&header, entry.path, file, range: nil)
        case .file(.hostRange(let file, let offset, let length)):
            try writeHost(&header, entry.path, file, range: (offset, length))
        }
    }

    /// Gives the entry its inode.
    ///
    /// - Returns: false for a hard link whose data a later entry brings.
    private mutating func number(_ header: inout CpioHeader, for entry: InitramfsEntry) -> Bool {
        if let group = entry.linkGroup, let link = links.take(group, next: &nextInode) {
            header.inode = link.inode
            header.links = link.count
            return link.isLast
        }
        header.inode = nextInode
        nextInode += 1
        return true
    }

    private mutating func writeHead(
        _ header: inout CpioHeader, _ path: InitramfsPath, data: ArraySlice<UInt8> = []
    ) throws(InitramfsError) {
        try check(size: UInt64(data.count), path)
        header.fileSize = UInt32(data.count)
        try writeName(&header, path)
        try write(data)
        try pad(to: 4)
    }

    mutating func writeName(
        _ header: inout CpioHeader, _ path: InitramfsPath
    ) throws(InitramfsError) {
        let name = path.isRoot ? [UInt8(ascii: ".")] : path.bytes
        header.nameSize = UInt32(name.count + 1)
        var head = header.encoded
        head += name
        head.append(0)
        while (offset + head.count) & 3 != 0 { head.append(0) }
        try write(head[...])
    }

    private mutating func writeTrailer(blockSize: Int) throws(InitramfsError) {
        var header = CpioHeader()
        try writeName(&header, InitramfsPath(normalised: InitramfsPath.trailer))
        try pad(to: blockSize)
    }

    private mutating func write(
        _ bytes: ArraySlice<UInt8>
    ) throws(InitramfsError) {
        var failure: InitramfsError?
        bytes.withUnsafeBytes { raw in
            do throws(InitramfsError) { try sink.write(raw) } catch { failure = error }
        }
        if let failure { throw failure }
        offset += bytes.count
    }

    mutating func pad(to multiple: Int) throws(InitramfsError) {
        let over = offset % multiple
        if over != 0 { try write(ArraySlice(repeating: 0, count: multiple - over)) }
    }

    func check(size: UInt64, _ path: InitramfsPath) throws(InitramfsError) {
        if size > UInt64(UInt32.max) { throw .fileTooLarge(path, size: size) }
    }
}

/// Hands out inodes and link counts to hard links.
private struct LinkTable {
    private struct Group {
        var total: UInt32 = 0
        var written: UInt32 = 0
        var inode: UInt32 = 0
    }

    private var groups: [Int: Group] = [:]

    mutating func count(_ entry: InitramfsEntry) {
        if let group = entry.linkGroup { groups[group, default: Group()].total += 1 }
    }

    /// - Returns: nil where the entry is alone in its group.
    mutating func take(
        _ id: Int, next: inout UInt32
    ) -> (inode: UInt32, count: UInt32, isLast: Bool)? {
        guard var group = groups[id], group.total > 1 else { return nil }
        if group.written == 0 {
            group.inode = next
            next += 1
        }
        group.written += 1
        groups[id] = group
        return (group.inode, group.total, group.written == group.total)
    }
}

extension InitramfsEntry.Kind {
    /// The type bits of `st_mode`.
    var typeBits: UInt32 {
        switch self {
        case .directory: UInt32(S_IFDIR)
        case .file: UInt32(S_IFREG)
        case .symlink: UInt32(S_IFLNK)
        case .characterDevice: UInt32(S_IFCHR)
        case .blockDevice: UInt32(S_IFBLK)
        case .fifo: UInt32(S_IFIFO)
        case .socket: UInt32(S_IFSOCK)
        }
    }
}
