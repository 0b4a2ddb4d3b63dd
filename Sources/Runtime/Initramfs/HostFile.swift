import Glibc
import SystemPackage

/// What is asked of a file of the host before and while it goes into an image.
enum HostFile {
    struct Status: Equatable {
        var device: UInt64
        var inode: UInt64
        var links: UInt64
        var mode: UInt32
        var size: UInt64
        var modified: Moment
        var changed: Moment

        init(_ raw: stat) {
            device = UInt64(raw.st_dev)
            inode = UInt64(raw.st_ino)
            links = UInt64(raw.st_nlink)
            mode = raw.st_mode
            size = UInt64(max(0, raw.st_size))
            modified = Moment(seconds: raw.st_mtim.tv_sec, nanoseconds: raw.st_mtim.tv_nsec)
            changed = Moment(seconds: raw.st_ctim.tv_sec, nanoseconds: raw.st_ctim.tv_nsec)
        }

        var type: mode_t { mode & S_IFMT }
        var isExecutable: Bool { mode & S_IXUSR != 0 }

        /// For messages: "a directory".
        var kindName: String {
            switch type {
            case S_IFREG: "a file"
            case S_IFDIR: "a directory"
            case S_IFLNK: "a symlink"
            case S_IFCHR: "a character device"
            case S_IFBLK: "a block device"
            case S_IFIFO: "a fifo"
            case S_IFSOCK: "a socket"
            default: "of no known kind"
            }
        }
    }

    struct Moment: Equatable {
        var seconds: Int
        var nanoseconds: Int
    }

    /// Follows symlinks; refuses what is not a regular file that can be read.
    static func readableStatus(of file: FilePath) throws(InitramfsError) -> Status {
        var raw = stat()
        guard file.withPlatformString({ stat($0, &raw) }) == 0,
            file.withPlatformString({ access($0, R_OK) }) == 0
        else {
            throw .hostFileUnreadable(file, reason: Errno(rawValue: errno).description)
        }
        let status = Status(raw)
        guard status.type == S_IFREG else { throw .hostFileWrongKind(file, got: status.kindName) }
        return status
    }

    static func status(of descriptor: Int32) -> Status? {
        var raw = stat()
        return fstat(descriptor, &raw) == 0 ? Status(raw) : nil
    }
}

extension HostFile {
    /// Reads a whole file that is expected to be small.
    ///
    /// - Parameter limit: in bytes; the rest of a longer file is left.
    static func contents(of file: FilePath, limit: Int) throws(InitramfsError) -> [UInt8] {
        let descriptor = file.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else {
            throw .hostFileUnreadable(file, reason: Errno(rawValue: errno).description)
        }
        defer { close(descriptor) }
        let sink = MemorySink()
        do throws(ReadFailure) {
            _ = try sink.copy(from: descriptor, count: limit)
        } catch {
            switch error {
            case .sink(let error): throw error
            case .source(let code): throw .hostFileUnreadable(file, reason: code.description)
            }
        }
        return sink.bytes
    }
}
