import SystemPackage

/// One entry of an image, before it is written.
public struct InitramfsEntry: Sendable, Equatable {
    /// What an entry is, with what only that kind has.
    public enum Kind: Sendable, Equatable {
        case directory
        case file(FileContent)
        case symlink(target: [UInt8])
        case characterDevice(major: UInt32, minor: UInt32)
        case blockDevice(major: UInt32, minor: UInt32)
        case fifo
        case socket
    }

    /// Where it is.
    public var path: InitramfsPath
    /// What it is.
    public var kind: Kind
    /// Permission bits.
    public var mode: FileMode
    /// Owner's number; 0xFFFFFFFF leaves the kernel's, which is 0.
    public var uid: UInt32
    /// Group's number.
    public var gid: UInt32
    /// Seconds since 1970, or nil for the writer's own time.
    public var modificationTime: UInt32?
    /// Whether the host keeps it from other users, so that an image of it must be kept too.
    public var isSecret = false
    /// Entries of one group are hard links of one file; nil for a file with one name.
    public var linkGroup: Int?

    /// Makes an entry owned by root; the mode defaults to what its kind usually has.
    ///
    /// - Throws: for what no image can express or no kernel would create.
    public init(
        path: InitramfsPath, kind: Kind, mode: FileMode? = nil, uid: UInt32 = 0, gid: UInt32 = 0,
        modificationTime: UInt32? = nil, linkGroup: Int? = nil
    ) throws(InitramfsError) {
        try kind.check(path)
        self.path = path
        self.kind = kind
        self.mode = mode ?? kind.defaultMode
        self.uid = uid
        self.gid = gid
        self.modificationTime = modificationTime
        self.linkGroup = linkGroup
    }

    /// Whether it is a directory.
    public var isDirectory: Bool {
        if case .directory = kind { true } else { false }
    }

    /// Whether it is a file that others may not read, on the host or in the image.
    var isSecretFile: Bool {
        guard case .file = kind else { return false }
        return isSecret || mode.bits & 0o004 == 0
    }
}

/// The bytes of a file: held, or read from the host while the image is written.
public enum FileContent: Sendable, Equatable {
    case bytes([UInt8])
    /// A whole file of the host.
    case host(FilePath)
    /// A part of a file of the host, in bytes.
    case hostRange(FilePath, offset: UInt64, length: UInt64)
}

extension InitramfsEntry.Kind {
    var defaultMode: FileMode {
        switch self {
        case .directory: .directory
        case .symlink: .symlink
        case .characterDevice, .blockDevice: FileMode(0o600)
        case .file, .fifo, .socket: .file
        }
    }

    /// The kernel packs a device number as 12 bits of major and 20 of minor; a larger minor would
    /// run into the major.
    func check(_ path: InitramfsPath) throws(InitramfsError) {
        switch self {
        case .symlink(let target):
            if target.isEmpty { throw .symlinkEmpty(path) }
            if target.contains(0) { throw .symlinkHasNUL(path) }
            if target.count > InitramfsPath.maximumLength {
                throw .symlinkTooLong(path, length: target.count)
            }
        case .characterDevice(let major, let minor), .blockDevice(let major, let minor):
            if major >= 1 << 12 { throw .majorTooLarge(path, major) }
            if minor >= 1 << 20 { throw .minorTooLarge(path, minor) }
        case .directory, .file, .fifo, .socket:
            break
        }
    }

    var isSymlink: Bool {
        if case .symlink = self { true } else { false }
    }

    /// For messages: "a directory".
    var name: String {
        switch self {
        case .directory: "a directory"
        case .file: "a file"
        case .symlink: "a symlink"
        case .characterDevice: "a character device"
        case .blockDevice: "a block device"
        case .fifo: "a fifo"
        case .socket: "a socket"
        }
    }
}
