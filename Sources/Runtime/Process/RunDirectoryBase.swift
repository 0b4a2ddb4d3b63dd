import Glibc
import SystemPackage

/// One run folder as found on the disk, by `qsh ps` and the like.
public struct RunDirectoryEntry: Sendable, Equatable {
    /// The folder.
    public var path: FilePath
    /// Whether its owner lives.
    public var isLive: Bool
    /// Whether it stays after its owner's end.
    public var isKept: Bool
    /// The qsh process that made it.
    public var owner: Int32?
    /// QEMU's process number.
    public var pid: Int32?
    /// The command line that started QEMU, quoted for a shell.
    public var command: String?
}

/// Where run folders are: `$XDG_RUNTIME_DIR/qsh`, or `/tmp/qsh-UID` where there is no such folder.
public struct RunDirectoryBase: Sendable {
    /// The folder that holds the run folders.
    public var path: FilePath

    /// Any folder, for tests.
    public init(path: FilePath) { self.path = path }

    /// This user's. `XDG_RUNTIME_DIR` counts only where it is this user's own: `sudo -E` leaves
    /// the caller's, in which root would block the caller's later runs.
    public static var standard: RunDirectoryBase {
        let user = geteuid()
        if let variable = getenv("XDG_RUNTIME_DIR") {
            let folder = FilePath(String(cString: variable))
            var status = stat()
            if folder.isAbsolute, stat(folder.string, &status) == 0, status.st_uid == user,
                status.st_mode & S_IFMT == S_IFDIR
            {
                return RunDirectoryBase(path: folder.appending("qsh"))
            }
        }
        return RunDirectoryBase(path: FilePath("/tmp/qsh-\(user)"))
    }

    /// All run folders, live and dead, by name. Empty where none was ever made.
    ///
    /// - Throws: ``RunDirectoryError`` where the folder is not this user's alone.
    public func list() throws(RunDirectoryError) -> [RunDirectoryEntry] {
        var status = stat()
        guard lstat(path.string, &status) == 0 else { return [] }
        try check(status)
        let names = FileTree.names(in: path).filter { !$0.hasPrefix(".") }
        return names.map { entry(path.appending($0)) }
    }

    /// Makes the folder, or makes sure that it is safe to use.
    func prepare() throws(RunDirectoryError) {
        if mkdir(path.string, 0o700) == 0 { return }
        let error = Errno(rawValue: errno)
        var status = stat()
        guard error == .fileExists, lstat(path.string, &status) == 0 else {
            throw .failed(path: path, error)
        }
        try check(status)
    }

    private func check(_ status: stat) throws(RunDirectoryError) {
        let got: String
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            if status.st_uid != geteuid() {
                got = "one of user \(status.st_uid)"
            } else if status.st_mode & 0o077 != 0 {
                got = "mode 0\(String(status.st_mode & 0o7777, radix: 8))"
            } else {
                return
            }
        case S_IFLNK: got = "a symbolic link"
        default: got = "a file"
        }
        throw .untrusted(folder: path, got: got)
    }

    /// How many kept folders stay: they hold transcripts and images, often in memory (tmpfs).
    static let keptLimit = 20

    /// Removes what dead owners left, except the newest of what they wanted kept.
    func removeDead() {
        var kept: [(folder: FilePath, age: Int)] = []
        // One moment for all: a second that passes meanwhile would make two of them equally old.
        let now = time(nil)
        for name in FileTree.names(in: path) {
            let folder = path.appending(name)
            let found = entry(folder)
            guard !found.isLive else { continue }
            if found.isKept {
                kept.append((folder, age(folder, at: now)))
                continue
            }
            // A folder still being made has no lock for a moment.
            if name.hasPrefix("."), age(folder, at: now) < 60 { continue }
            FileTree.remove(folder)
        }
        let tooOld = kept.sorted { $0.age < $1.age }.dropFirst(Self.keptLimit)
        for (folder, _) in tooOld { FileTree.remove(folder) }
    }

    private func age(_ folder: FilePath, at now: time_t) -> Int {
        var status = stat()
        guard lstat(folder.string, &status) == 0 else { return 0 }
        return now - status.st_mtim.tv_sec
    }

    private func entry(_ folder: FilePath) -> RunDirectoryEntry {
        let text = { (name: String) -> String? in
            guard var bytes = try? readSmallFile(folder.appending(name), limit: 1 << 20) else {
                return nil
            }
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            return String(decoding: bytes, as: UTF8.self)
        }
        return RunDirectoryEntry(
            path: folder, isLive: isLocked(folder.appending("owner")),
            isKept: access(folder.appending("keep").string, F_OK) == 0,
            owner: text("owner").flatMap { Int32($0) }, pid: text("pid").flatMap { Int32($0) },
            command: text("command"))
    }

    private func isLocked(_ file: FilePath) -> Bool {
        let descriptor = open(file.string, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // Shared, so that two lookers do not take each other for an owner.
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }
}
