import SystemPackage

/// A disk image for a machine. What the guest writes is thrown away unless it is to persist.
public struct DriveFile: Sendable, Equatable {
    /// The image.
    public var path: FilePath
    /// `raw`, `qcow2` or another of QEMU's; nil for what the image's first bytes say.
    public var format: String?
    /// Whether the guest cannot write at all.
    public var isReadOnly = false
    /// Whether what the guest writes goes into the file.
    public var persists = false

    /// Makes one.
    public init(_ path: FilePath) { self.path = path }

    /// `-drive`'s value.
    ///
    /// The format is always named: QEMU would otherwise guess from bytes that the guest can write.
    ///
    /// - Throws: ``MachineConfigurationError``.
    public func option() throws(MachineConfigurationError) -> QEMUOption {
        let head: [UInt8]
        do throws(Errno) {
            head = try readSmallFile(path, limit: 4)
        } catch {
            throw .unreadable(option: "drives", path, error)
        }
        let isCopyOnWrite = head == [0x51, 0x46, 0x49, 0xfb]
        var option = QEMUOption(
            path.string, [.init("format", format ?? (isCopyOnWrite ? "qcow2" : "raw"))])
        if isReadOnly { option.properties.append(.init("readonly", "on")) }
        if !persists && !isReadOnly { option.properties.append(.init("snapshot", "on")) }
        return option
    }
}

/// A folder of the host that the guest sees, over 9p.
public struct HostShare: Sendable, Equatable {
    /// The folder.
    public var path: FilePath
    /// Where qsh's init mounts it.
    public var mountPoint: String
    /// Whether the guest may write.
    public var isWritable = false

    /// Makes one that the guest may only read.
    public init(_ path: FilePath, at mountPoint: String) {
        self.path = path
        self.mountPoint = mountPoint
    }

    /// What the guest calls the one of this number.
    static func tag(_ index: Int) -> String { "qsh-share\(index)" }
}
