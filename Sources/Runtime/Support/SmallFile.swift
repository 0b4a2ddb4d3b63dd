import Glibc
import SystemPackage

/// Reads the first `limit` bytes of a file, for headers and for the small files of `/proc`.
///
/// - Throws: `Errno`; `.isDirectory` for a folder. Never blocks on a pipe without a writer.
func readSmallFile(_ path: FilePath, limit: Int) throws(Errno) -> [UInt8] {
    let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    defer { close(descriptor) }
    // Files of /proc have no size; those that have one are read at once, with their end.
    var status = stat()
    fstat(descriptor, &status)
    var room = min(limit, max(4096, Int(status.st_size) + 1))
    var bytes: [UInt8] = []
    while bytes.count < limit {
        var code: Int32 = 0
        let piece = [UInt8](unsafeUninitializedCapacity: room) { space, filled in
            let count = read(descriptor, space.baseAddress, room)
            code = count < 0 ? errno : 0
            filled = max(0, count)
        }
        if code == EINTR { continue }
        if code != 0 { throw Errno(rawValue: code) }
        if piece.isEmpty { break }
        if bytes.isEmpty { bytes = piece } else { bytes += piece }
        room = min(limit - bytes.count, 64 << 10)
    }
    return bytes
}
