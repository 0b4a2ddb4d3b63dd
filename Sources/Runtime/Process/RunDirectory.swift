import Glibc
import SystemPackage

/// The folder of one running machine: `owner`, `command`, `pid` and `console.log`.
///
/// Its owner holds a lock (flock(2)) on `owner` for as long as it lives. The kernel drops the lock
/// however the owner ends, so a folder without a lock is dead: no number has to be compared, which
/// a reused process number or another PID namespace would spoil. Dead folders are removed when the
/// next one is made; of those with a file `keep`, the newest 20 stay.
public final class RunDirectory: Sendable {
    /// The folder.
    public let path: FilePath
    private let lock: Int32

    /// `<machine name>-<pid of qsh>-<n>`.
    public var name: String { path.lastComponent?.string ?? "" }
    /// Where the console's transcript goes.
    public var transcript: FilePath { path.appending("console.log") }

    private init(path: FilePath, lock: Int32) {
        self.path = path
        self.lock = lock
    }

    deinit { close(lock) }

    /// Makes a folder of mode 0700, after the dead ones of earlier runs have been removed.
    ///
    /// - Parameters:
    ///   - machine: any text; what is no letter, digit, `-`, `_` or `.` becomes `_` in the name.
    ///   - base: nil for ``RunDirectoryBase/standard``.
    public static func create(
        machine: String, base: RunDirectoryBase = .standard
    ) throws(RunDirectoryError) -> RunDirectory {
        try base.prepare()
        base.removeDead()
        // Not visible under its name before it is locked, so that nobody takes it for a dead one.
        let pid = getpid()
        let draft = base.path.appending(".\(pid)-\(draftNumber())")
        guard mkdir(draft.string, 0o700) == 0 else { throw .failed(path: draft, lastError()) }
        let owner = draft.appending("owner")
        let lock = open(owner.string, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let error = lastError()
            if lock >= 0 { close(lock) }
            FileTree.remove(draft)
            throw .failed(path: owner, error)
        }
        do {
            try writeSmallFile(owner, "\(pid)\n")
            let path = try place(draft, base.path, "\(fileName(machine))-\(pid)")
            return RunDirectory(path: path, lock: lock)
        } catch {
            close(lock)
            FileTree.remove(draft)
            throw error
        }
    }

    /// Writes the command line, quoted for a shell.
    public func record(_ command: Command) throws(RunDirectoryError) {
        try writeSmallFile(path.appending("command"), command.shellQuoted + "\n")
    }

    /// Writes QEMU's process number.
    public func record(pid: Int32) throws(RunDirectoryError) {
        try writeSmallFile(path.appending("pid"), "\(pid)\n")
    }

    /// Ends the folder's life: removes it, or marks it to be kept after this process has gone.
    public func remove(keeping: Bool = false) {
        if keeping {
            try? writeSmallFile(path.appending("keep"), "")
        } else {
            FileTree.remove(path)
        }
        flock(lock, LOCK_UN)
    }
}

/// rename(2) onto an existing folder that is not empty fails, which finds the first free number.
private func place(
    _ draft: FilePath, _ base: FilePath, _ stem: String
) throws(RunDirectoryError) -> FilePath {
    var number = 1
    while true {
        let path = base.appending("\(stem)-\(number)")
        if rename(draft.string, path.string) == 0 { return path }
        guard errno == EEXIST || errno == ENOTEMPTY else { throw .failed(path: path, lastError()) }
        number += 1
    }
}

private func draftNumber() -> UInt32 { UInt32.random(in: 0...UInt32.max) }

private func fileName(_ machine: String) -> String {
    let name = String(
        machine.unicodeScalars.prefix(64).map { scalar in
            let isPlain =
                scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "-_.".unicodeScalars.contains(scalar))
            return isPlain ? Character(scalar) : "_"
        })
    // A leading dot would hide the folder among the drafts.
    return name.isEmpty ? "machine" : name.hasPrefix(".") ? "_" + name.dropFirst() : name
}

private func writeSmallFile(_ path: FilePath, _ text: String) throws(RunDirectoryError) {
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC
    let descriptor = open(path.string, flags, 0o600)
    guard descriptor >= 0 else { throw .failed(path: path, lastError()) }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard write(descriptor, bytes, bytes.count) == bytes.count else {
        throw .failed(path: path, lastError())
    }
}

private func lastError() -> Errno { Errno(rawValue: errno) }
