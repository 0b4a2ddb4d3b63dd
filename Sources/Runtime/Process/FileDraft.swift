import CLinux
import Glibc
import SystemPackage

/// A file that appears under its name when it is complete, or not at all.
///
/// It grows without a name, so that not even a killed process leaves a part of it; where the file
/// system has no such files, or another program is to write it, under a temporary name beside its
/// own, since a rename cannot cross file systems.
public final class FileDraft {
    /// Who fills it.
    enum Writer { case qsh, anotherProgram }

    /// Where it grows, if another program writes it.
    let path: FilePath
    /// Open for writing.
    let descriptor: Int32
    private let target: FilePath
    /// Whether something is at ``path``.
    private var isNamed: Bool

    /// Makes an empty file.
    ///
    /// - Parameter mode: less what the umask takes.
    public convenience init(
        for target: FilePath, mode: mode_t = 0o666
    ) throws(HostFileError) {
        try self.init(for: target, mode: mode, writer: .qsh)
    }

    init(for target: FilePath, mode: mode_t = 0o666, writer: Writer) throws(HostFileError) {
        self.target = target
        let folder = target.removingLastComponent()
        if writer == .qsh, let nameless = Self.openNameless(in: folder, mode) {
            (path, descriptor, isNamed) = (Self.temporaryName(for: target), nameless, false)
            return
        }
        var candidate: FilePath
        var opened: Int32
        repeat {
            candidate = Self.temporaryName(for: target)
            opened = candidate.withPlatformString {
                open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
            }
        } while opened < 0 && errno == EEXIST
        guard opened >= 0 else { throw HostFileError("write", target, errno) }
        (path, descriptor, isNamed) = (candidate, opened, true)
    }

    deinit {
        close(descriptor)
        if isNamed { _ = path.withPlatformString { unlink($0) } }
    }

    /// A name that a killed process left behind is never met again.
    private static func temporaryName(for target: FilePath) -> FilePath {
        let number = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let name = target.lastComponent?.string ?? "file"
        return target.removingLastComponent().appending(".\(name).\(number).tmp")
    }

    private static func openNameless(in folder: FilePath, _ mode: mode_t) -> Int32? {
        // What gives it its name in the end, without a privilege (open(2), O_TMPFILE).
        guard access("/proc/self/fd", X_OK) == 0 else { return nil }
        let place = folder.isEmpty ? "." : folder
        let opened = place.withPlatformString { q_open_nameless($0, mode) }
        return opened >= 0 ? opened : nil
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
        if !isNamed {
            if link(to: target) { return }
            guard errno == EEXIST, link(to: path) else {
                throw HostFileError("write", target, errno)
            }
            isNamed = true
        }
        let failed = path.withPlatformString { old in
            target.withPlatformString { rename(old, $0) } != 0
        }
        if failed { throw HostFileError("write", target, errno) }
        isNamed = false
    }

    private func link(to name: FilePath) -> Bool {
        name.withPlatformString {
            linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, $0, AT_SYMLINK_FOLLOW) == 0
        }
    }
}
