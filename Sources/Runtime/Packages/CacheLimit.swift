import Glibc
import SystemPackage

/// What lies in the cache, and keeping it below a size.
@LoopActor
public struct CacheLimit {
    /// One thing that can be made or fetched again.
    public struct Entry: Sendable, Equatable {
        /// Its name in the cache.
        public let name: String
        /// Bytes on the disk.
        public let size: Int64
        /// When it was last made or used, in seconds since 1970.
        public let used: Int64
    }

    let cache: Cache
    let environment: HostEnvironment

    /// Looks at a cache.
    public init(cache: Cache, environment: HostEnvironment = .current) {
        self.cache = cache
        self.environment = environment
    }

    /// Bytes that kernels, sources and build folders may take: `QSH_CACHE_SIZE`, else 20 GiB.
    public var limit: Int64 {
        environment["QSH_CACHE_SIZE"].flatMap { ByteSize($0) }.map { Int64($0.bytes) } ?? 20 << 30
    }

    /// Everything in it, the longest unused first.
    public func entries() async throws -> [Entry] {
        let root = cache.root
        return try await WorkerThread.run { work in
            var entries: [Entry] = []
            for name in FileTree.names(in: root) where !name.hasSuffix(".lock") {
                if work.isCancelled { throw CancellationError() }
                var status = stat()
                let path = root.appending(name)
                guard lstat(path.string, &status) == 0 else { continue }
                entries.append(
                    Entry(
                        name: name, size: Self.size(path.string), used: Int64(status.st_mtim.tv_sec)
                    ))
            }
            return entries.sorted { ($0.used, $0.name) < ($1.used, $1.name) }
        }
    }

    /// Removes entries, except those that somebody is making, using or building in.
    ///
    /// - Parameter names: nil for all.
    /// - Returns: what was removed.
    public func clean(_ names: [String]? = nil) async throws -> [Entry] {
        var removed: [Entry] = []
        for entry in try await entries() where names?.contains(entry.name) ?? true {
            if try await remove(entry) { removed.append(entry) }
        }
        return removed
    }

    /// Removes what was longest unused until the rest fits. Failing is no harm.
    func enforce(keeping kept: FilePath) async {
        guard let entries = try? await entries() else { return }
        let mine = entries.filter { entry in
            Self.bounded.contains { entry.name.hasPrefix($0) }
        }
        var total = mine.reduce(0) { $0 + $1.size }
        for entry in mine where total > limit && entry.name != kept.lastComponent?.string {
            if (try? await remove(entry)) == true { total -= entry.size }
        }
    }

    /// What grows with use; packages and their like are few.
    private static let bounded = ["kernel-", "source-", "build-", "worktree-", "module-"]

    /// - Returns: false where it is in use.
    private func remove(_ entry: Entry) async throws -> Bool {
        let path = cache.path(of: entry.name)
        do {
            return try await cache.withLock(entry.name, until: .now) {
                guard !CacheLease.isHeld(entry.name, cache) else { return false }
                await FileTree.removeAside(path)
                return true
            }
        } catch CacheError.busy {
            return false
        }
    }

    private nonisolated static func size(_ path: String) -> Int64 {
        var status = stat()
        guard lstat(path, &status) == 0 else { return 0 }
        var total = Int64(status.st_blocks) * 512
        guard status.st_mode & S_IFMT == S_IFDIR else { return total }
        for entry in FileTree.entries(of: path) { total += size("\(path)/\(entry.name)") }
        return total
    }
}
