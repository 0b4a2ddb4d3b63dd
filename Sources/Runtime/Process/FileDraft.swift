import Glibc
import SystemPackage

/// A file that appears under its name when it is complete, or not at all.
///
/// It grows under a temporary name beside its own, since a rename cannot cross file systems, and
/// is removed unless it is put in its place.
public final class FileDraft {
    /// Where it grows, for another program to write to.
    let path: FilePath
    /// Open for writing.
    let descriptor: Int32
    private let target: FilePath
    private var isPlaced = false

    /// Makes an empty file.
    ///
    /// - Parameter mode: less what the umask takes.
    public init(for target: FilePath, mode: mode_t = 0o666) throws(HostFileError) {
        self.target = target
        let name = target.lastComponent?.string ?? "file"
        let folder = target.removingLastComponent()
        var candidate: FilePath
        var opened: Int32
        repeat {
            // A name that a killed process left behind is never met again.
            let number = String(UInt64.random(in: 0...UInt64.max), radix: 36)
            candidate = folder.appending(".\(name).\(number).tmp")
            opened = candidate.withPlatformString {
                open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
            }
        } while opened < 0 && errno == EEXIST
        guard opened >= 0 else { throw HostFileError("write", target, errno) }
        path = candidate
        descriptor = opened
    }

    deinit {
        close(descriptor)
        if !isPlaced { _ = path.withPlatformString { unlink($0) } }
    }

    /// Adds bytes at the end.
    public func write(_ bytes: [UInt8]) throws(HostFileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw HostFileError("write", target, errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// Puts the file in its place, replacing one that is there.
    public func commit() throws(HostFileError) {
        let failed = path.withPlatformString { old in
            target.withPlatformString { rename(old, $0) } != 0
        }
        if failed { throw HostFileError("write", target, errno) }
        isPlaced = true
    }
}
