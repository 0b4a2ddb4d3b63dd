import Glibc
import SystemPackage

/// A file of the host that cannot be read or written.
public struct HostFileError: DiagnosticError, Equatable {
    /// `read` or `write`.
    public let action: String
    /// As the caller wrote it.
    public let path: FilePath
    /// Why.
    public let reason: Errno

    init(_ action: String, _ path: FilePath, _ code: Int32) {
        self.init(action, path, Errno(rawValue: code))
    }

    /// Makes an error; `action` is `read` or `write`.
    public init(_ action: String, _ path: FilePath, _ reason: Errno) {
        self.action = action
        self.path = path
        self.reason = reason
    }

    /// The text of the error.
    public var diagnostic: Diagnostic {
        Diagnostic(.usage, "cannot \(action) `\(path)`: \(reason.lowercased)")
    }
}

/// A file of the host, read piece by piece.
@LoopActor
public final class HostFileReader {
    /// Its permission bits.
    public let permissions: UInt32
    private let path: FilePath
    private let descriptor: Int32
    private static let pieceSize = 256 * 1024

    /// Opens a regular file.
    public init(_ path: FilePath) throws(HostFileError) {
        self.path = path
        descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw HostFileError("read", path, errno) }
        var status = stat()
        let failed = fstat(descriptor, &status) != 0
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        permissions = UInt32(status.st_mode & 0o7777)
        if failed || isFolder { throw HostFileError("read", path, isFolder ? EISDIR : errno) }
    }

    isolated deinit { close(descriptor) }

    /// The next piece; empty at the end.
    public func next() throws(HostFileError) -> [UInt8] {
        var code: Int32 = 0
        let piece = [UInt8](unsafeUninitializedCapacity: Self.pieceSize) { buffer, count in
            let got = read(descriptor, buffer.baseAddress, buffer.count)
            code = got < 0 ? errno : 0
            count = max(0, got)
        }
        if code == EINTR { return try next() }
        if code != 0 { throw HostFileError("read", path, code) }
        return piece
    }
}
