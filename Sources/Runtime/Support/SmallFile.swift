import Glibc
import SystemPackage

/// Reads the first `limit` bytes of a file, for headers and for the small files of `/proc`.
///
/// - Throws: `Errno`; `.isDirectory` for a folder. Never blocks on a pipe without a writer.
func readSmallFile(_ path: FilePath, limit: Int) throws(Errno) -> [UInt8] {
    let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: limit)
    var filled = 0
    while filled < limit {
        let count = bytes.withUnsafeMutableBytes { buffer in
            read(descriptor, buffer.baseAddress.map { $0 + filled }, limit - filled)
        }
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw Errno(rawValue: errno) }
        if count == 0 { break }
        filled += count
    }
    bytes.removeLast(limit - filled)
    return bytes
}
