import Glibc
import SystemPackage

/// Entries of the cache that this process uses until it ends, so that nobody removes them.
///
/// A shared lock (flock(2)) on `NAME.use`, which the kernel drops with the process.
@LoopActor
enum CacheLease {
    private static var held: [String: Int32] = [:]

    /// Keeps an entry for as long as qsh runs. Failing is no harm: it may then be made again.
    static func take(_ name: String, _ cache: Cache) {
        let path = file(name, cache)
        guard held[path] == nil else { return }
        let lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else { return }
        if flock(lock, LOCK_SH | LOCK_NB) == 0 { held[path] = lock } else { close(lock) }
    }

    /// Whether anybody uses it.
    static func isHeld(_ name: String, _ cache: Cache) -> Bool {
        let path = file(name, cache)
        let lock = open(path, O_RDWR | O_CLOEXEC)
        guard lock >= 0 else { return false }
        defer { close(lock) }
        return flock(lock, LOCK_EX | LOCK_NB) != 0
    }

    private static func file(_ name: String, _ cache: Cache) -> String {
        cache.root.appending("\(name).use.lock").string
    }
}
