/// What the kernel makes of an image, and what it is made of.
public struct InitramfsImage: Sendable {
    /// The image's length in bytes.
    public var length: Int
    /// Archives in the order of the image.
    public var segments: [InitramfsSegment]
    /// Every file that exists after unpacking, in order of path.
    public var tree: [InitramfsNode]
    /// What is wrong or remarkable, in the order of the image.
    public var findings: [InitramfsFinding]
    /// Whether the last archive is closed by a trailer, so that no hard link can reach across
    /// into one that is appended.
    public var endsInTrailer = true
    /// What the kernel stops for before the end of the image; nil where it reads it all.
    public var stop: String?

    /// Whether the kernel would lose something or stop.
    public var hasErrors: Bool { findings.contains { $0.severity == .error } }

    /// Counts offsets from further in front.
    mutating func moveOffsets(by distance: Int) {
        for index in segments.indices { segments[index].offset += distance }
        for index in findings.indices { findings[index].offset += distance }
        for index in tree.indices { tree[index].offset += distance }
    }

    /// The node at an exact path without a leading slash.
    public func node(_ path: String) -> InitramfsNode? {
        let bytes = Array(path.utf8)
        return tree.first { $0.path == bytes }
    }
}

/// One archive of an image.
public struct InitramfsSegment: Sendable, Equatable {
    /// Where it starts in the image.
    public var offset: Int
    /// Its length in the image, padding between segments left out.
    public var length: Int
    /// Its length after decompression; the same for an uncompressed one.
    public var unpackedLength: Int
    /// How it is compressed.
    public var codec: InitramfsCodec
    /// Number of entries without trailers.
    public var entries: Int
    /// Whether it holds microcode or ACPI tables that the kernel reads before it unpacks.
    public var isEarly: Bool
}

/// A file, directory or node that exists after the kernel has unpacked an image.
public struct InitramfsNode: Sendable, Equatable {
    /// The types that an initramfs can hold; the raw values are what `inspect` prints.
    public enum FileType: String, Sendable {
        case directory, file, symlink, character, block, fifo, socket
    }

    /// Path without a leading slash.
    public var path: [UInt8]
    /// What it is.
    public var type: FileType
    /// Permission bits.
    public var mode: UInt16
    /// Owner's number.
    public var uid: UInt32
    /// Group's number.
    public var gid: UInt32
    /// Number of names; 1 for directories.
    public var links: Int
    /// Length in bytes of a file; 0 for the others.
    public var size: UInt64
    /// Where a symlink points to.
    public var target: [UInt8]
    /// Device number of a character or block device.
    public var major: UInt32
    /// Device number of a character or block device.
    public var minor: UInt32
    /// Seconds since 1970; nil where the kernel leaves the time of booting.
    public var modificationTime: UInt32?
    /// MD5 of the first 65,536 bytes of a file, where digests were asked for.
    public var digest: [UInt8]
    /// The first bytes of an executable file, and of those that say how the image was made.
    public var head: [UInt8]
    /// Equal for hard links of one file.
    public var inode: Int
    /// Offset in the image of the entry that brought it, or of the compressed segment that holds
    /// the entry.
    public var offset = 0
    /// What an ELF program or library needs, where programs were asked for.
    public var program: ELFProgram?
    /// CRC-64 of a file's contents (ECMA-182, as xz's), where sums were asked for.
    public var sum: UInt64?
}

/// Something about an image that its maker should know.
public struct InitramfsFinding: Sendable, Equatable {
    /// How bad it is.
    public enum Severity: String, Sendable {
        /// The kernel stops, hangs, or loses a file.
        case error
        /// Works, but perhaps not as meant or not with every kernel.
        case warning
        /// Good to know.
        case info
    }

    /// How bad it is.
    public var severity: Severity
    /// Offset in the image: of the entry, or of the compressed segment that holds it.
    public var offset: Int
    /// One sentence, lower case, no full stop.
    public var message: String

    /// Makes a finding.
    public init(_ severity: Severity, at offset: Int, _ message: String) {
        self.severity = severity
        self.offset = offset
        self.message = message
    }
}

/// How a segment is compressed; the raw values are what `inspect` prints.
public enum InitramfsCodec: String, Sendable, CaseIterable {
    case none, gzip, bzip2, lzma, xz, lzo, lz4, zstd
    /// A boot configuration at the end, which the kernel cuts off first.
    case bootconfig

    /// The two bytes by which `lib/decompress.c` chooses; the lz4 one is the legacy frame's.
    var magic: [UInt8]? {
        switch self {
        case .gzip: [0x1f, 0x8b]
        case .bzip2: [0x42, 0x5a]
        case .lzma: [0x5d, 0x00]
        case .xz: [0xfd, 0x37]
        case .lzo: [0x89, 0x4c]
        case .lz4: [0x02, 0x21]
        case .zstd: [0x28, 0xb5]
        case .none, .bootconfig: nil
        }
    }

    /// The codec of a segment that starts with these bytes.
    static func detect(_ bytes: UnsafeRawBufferPointer) -> InitramfsCodec? {
        allCases.first { codec in codec.magic.map { bytes.starts(with: $0) } ?? false }
    }

    /// The kernel option that it needs; nil where none.
    public var kernelOption: String? {
        magic == nil ? nil : "CONFIG_RD_" + rawValue.uppercased()
    }
}
