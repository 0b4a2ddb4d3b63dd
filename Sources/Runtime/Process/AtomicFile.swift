import Glibc
import SystemPackage

/// Writes small files so that a reader sees the old contents or the new, and never a part.
public enum AtomicFile {
    /// Writes `bytes` to a temporary name beside `path` and renames it.
    ///
    /// - Parameter mode: the very one, whatever the umask says.
    /// - Throws: `Errno`; nothing is left behind then, and an old file stays as it was.
    public static func write(
        _ bytes: [UInt8], to path: FilePath, mode: mode_t = 0o644
    ) throws(Errno) {
        do throws(HostFileError) {
            let draft = try FileDraft(for: path, mode: mode)
            fchmod(draft.descriptor, mode)
            try draft.write(bytes)
            try draft.commit()
        } catch {
            throw error.reason
        }
    }
}
