import Glibc
import SystemPackage

/// Writes small files so that a reader sees the old contents or the new, and never a part.
public enum AtomicFile {
    /// Writes `bytes` to a temporary name beside `path` and renames it.
    ///
    /// - Throws: `Errno`; nothing is left behind then, and an old file stays as it was.
    public static func write(
        _ bytes: [UInt8], to path: FilePath, mode: mode_t = 0o644
    ) throws(Errno) {
        let name = path.lastComponent?.string ?? "file"
        let folder = path.removingLastComponent()
        var template = Array(folder.appending(".\(name).XXXXXX").string.utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        do throws(Errno) {
            defer { close(descriptor) }
            // mkstemp's mode 0600 is for secrets; it has no flags.
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            fchmod(descriptor, mode)
            try writeAll(bytes, to: descriptor)
        } catch {
            unlink(template)
            throw error
        }
        if path.withPlatformString({ rename(template, $0) }) != 0 {
            let error = Errno(rawValue: errno)
            unlink(template)
            throw error
        }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(Errno) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(
                    descriptor, buffer.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Errno(rawValue: errno) }
            written += count
        }
    }
}
