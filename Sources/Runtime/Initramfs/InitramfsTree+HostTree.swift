import Glibc
import SystemPackage

extension InitramfsTree {
    /// Adds everything below a directory of the host, at `path` in the image.
    ///
    /// Types, symlinks, device numbers and hard links are kept, permission bits too; owners become
    /// root and times the writer's, so that the same files make the same image on any host.
    public mutating func addTree(
        _ path: String, from host: FilePath
    ) throws(InitramfsError) {
        var status = stat()
        guard host.withPlatformString({ stat($0, &status) }) == 0 else {
            throw .hostFileUnreadable(host, reason: Errno(rawValue: errno).description)
        }
        guard HostFile.Status(status).type == S_IFDIR else {
            throw .hostDirectoryWrongKind(host, got: HostFile.Status(status).kindName)
        }
        var links: [HostLink: Int] = [:]
        try addContents(of: host, at: InitramfsPath(path), &links)
    }

    private struct HostLink: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    private mutating func addContents(
        of directory: FilePath, at path: InitramfsPath, _ links: inout [HostLink: Int]
    ) throws(InitramfsError) {
        let contents = try HostFile.statuses(in: directory)
        reserve(contents.count)
        for (name, raw) in contents {
            let inside = try path.appending(name)
            let file = directory.appending(bytes: name)
            let status = HostFile.Status(raw)
            var entry = try InitramfsEntry(
                path: inside, kind: HostFile.kind(of: file, raw),
                mode: FileMode(
                    UInt16(
                        truncatingIfNeeded: status.mode)))
            if status.links > 1, status.type == S_IFREG {
                let key = HostLink(device: status.device, inode: status.inode)
                entry.linkGroup = links[key] ?? newLinkGroup()
                links[key] = entry.linkGroup
            }
            try add(entry)
            if entry.isDirectory { try addContents(of: file, at: inside, &links) }
        }
    }
}

extension HostFile {
    /// Names in a directory, without `.` and `..`, in no order.
    static func names(in directory: FilePath) throws(InitramfsError) -> [[UInt8]] {
        var names: [[UInt8]] = []
        try scan(directory) { name, _, _ in names.append(name) }
        return names
    }

    /// Names in a directory with what `lstat` says of each, in no order.
    static func statuses(
        in directory: FilePath
    ) throws(InitramfsError) -> [(name: [UInt8], status: stat)] {
        var found: [(name: [UInt8], status: stat)] = []
        try scan(directory) { name, terminated, descriptor throws(InitramfsError) in
            var raw = stat()
            if fstatat(descriptor, terminated, &raw, AT_SYMLINK_NOFOLLOW) != 0 {
                throw .hostFileUnreadable(
                    directory.appending(bytes: name), reason: Errno(rawValue: errno).description)
            }
            found.append((name, raw))
        }
        return found
    }

    /// Calls `body` for each name, also as a C string, with the directory's descriptor.
    private static func scan(
        _ directory: FilePath,
        _ body: ([UInt8], UnsafePointer<CChar>, Int32) throws(InitramfsError) -> Void
    ) throws(InitramfsError) {
        guard let stream = directory.withPlatformString({ opendir($0) }) else {
            throw .hostFileUnreadable(directory, reason: Errno(rawValue: errno).description)
        }
        defer { closedir(stream) }
        errno = 0
        while let item = readdir(stream) {
            // As a pointer into the record, which may be shorter than its type says.
            let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
            let start = UnsafeRawPointer(item) + offset
            let terminated = start.assumingMemoryBound(to: CChar.self)
            let bytes = UnsafeRawBufferPointer(start: start, count: strlen(terminated))
            let name = [UInt8](bytes)
            if name != [0x2E], name != [0x2E, 0x2E] { try body(name, terminated, dirfd(stream)) }
            errno = 0
        }
        if errno != 0 {
            throw .hostFileUnreadable(directory, reason: Errno(rawValue: errno).description)
        }
    }

    static func kind(
        of file: FilePath, _ raw: stat
    ) throws(InitramfsError) -> InitramfsEntry.Kind {
        // glibc's gnu_dev_major and gnu_dev_minor.
        let number = UInt64(raw.st_rdev)
        let major = UInt32(number >> 8 & 0xFFF | number >> 32 & 0xFFFF_F000)
        let minor = UInt32(number & 0xFF | number >> 12 & 0xFFFF_FF00)
        switch Status(raw).type {
        case S_IFDIR: return .directory
        case S_IFLNK: return .symlink(target: try target(of: file))
        case S_IFCHR: return .characterDevice(major: major, minor: minor)
        case S_IFBLK: return .blockDevice(major: major, minor: minor)
        case S_IFIFO: return .fifo
        case S_IFSOCK: return .socket
        default: return .file(.host(file))
        }
    }

    private static func target(of file: FilePath) throws(InitramfsError) -> [UInt8] {
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { space, filled in
            space.withMemoryRebound(to: CChar.self) { space in
                guard let start = space.baseAddress else { return }
                let got = file.withPlatformString { readlink($0, start, 4096) }
                code = got < 0 ? errno : 0
                filled = max(0, got)
            }
        }
        if code != 0 {
            throw .hostFileUnreadable(file, reason: Errno(rawValue: code).description)
        }
        return bytes
    }
}

extension FilePath {
    /// The path of a name, which need not be UTF-8, in this directory.
    func appending(bytes name: [UInt8]) -> FilePath {
        let text = withPlatformString { directory in
            let length = strlen(directory)
            return [CChar](unsafeUninitializedCapacity: length + name.count + 2) { text, filled in
                filled = text.update(
                    fromContentsOf: UnsafeBufferPointer(start: directory, count: length))
                text[filled] = 0x2F
                filled += 1
                for byte in name + [0] {
                    text[filled] = CChar(bitPattern: byte)
                    filled += 1
                }
            }
        }
        return FilePath(platformString: text)
    }
}
