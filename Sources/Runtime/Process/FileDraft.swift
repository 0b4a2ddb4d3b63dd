import Glibc
import SystemPackage

/// An empty file under a temporary name beside its own, for another program to fill.
///
/// Removed unless it is put in its place.
final class FileDraft {
    /// Where the other program is to write.
    let path: FilePath
    private let target: FilePath
    private var isPlaced = false

    init(for target: FilePath) throws(HostFileError) {
        self.target = target
        let name = target.lastComponent?.string ?? "file"
        let folder = target.removingLastComponent()
        var template = Array(folder.appending(".\(name).XXXXXX").string.utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw HostFileError("write", target, errno) }
        // mkstemp's mode 0600 is for secrets.
        let mask = umask(0)
        umask(mask)
        fchmod(descriptor, 0o666 & ~mask)
        close(descriptor)
        path = template.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { FilePath(platformString: $0) } ?? FilePath()
        }
    }

    deinit { if !isPlaced { unlink(path.string) } }

    /// Puts the file in its place, replacing one that is there.
    func commit() throws(HostFileError) {
        guard rename(path.string, target.string) == 0 else {
            throw HostFileError("write", target, errno)
        }
        isPlaced = true
    }
}
