import Glibc
import SystemPackage

/// What a source tree holds, told apart without reading it where it was read before.
struct KernelIdentity: Sendable, Equatable {
    /// The same for a copy of the tree elsewhere.
    let contents: String
    /// What stat(2) says of every file; another one means that something was touched.
    let stamp: String
    /// What of the source it leaves out.
    let unread: KernelUnreadFolders
    /// What scripts/setlocalversion puts into the release.
    let git: KernelGitState?

    /// Looks at every file's inode, but for those that the build does not read, and reads them all
    /// only where one has changed.
    @LoopActor
    static func read(
        _ source: KernelSource, for arch: Arch, besides out: FilePath, cache: Cache,
        settledAfter settling: Duration = .seconds(2)
    ) async throws -> KernelIdentity {
        let git = try await KernelGitState.read(source.folder)
        let unread = KernelUnreadFolders(source.folder, arch, besides: out)
        let skipped = skipped(source.folder, out) + unread.names
        let now = wallClock()
        let stamp = try await sum(source.folder, skipped, TreeSum.stamp)
        let memory = cache.path(of: "identities").appending(stamp.digest.description)
        // A change in the same tick of the file system's clock would not show.
        let isSettled = stamp.newest < now - Int64(settling.seconds * 1e9)
        if isSettled, let bytes = try? readSmallFile(memory, limit: 64), bytes.count == 32 {
            return KernelIdentity(
                contents: String(decoding: bytes, as: UTF8.self),
                stamp: stamp.digest.description, unread: unread, git: git)
        }
        let contents = try await sum(source.folder, skipped, TreeSum.contents).digest.description
        if isSettled { remember(contents, memory) }
        return KernelIdentity(
            contents: contents, stamp: stamp.digest.description, unread: unread, git: git)
    }

    /// Whether the tree is still as it was read.
    @LoopActor
    func isCurrent(_ source: KernelSource, besides out: FilePath) async throws -> Bool {
        let skipped = Self.skipped(source.folder, out) + unread.names
        let now = try await Self.sum(source.folder, skipped, TreeSum.stamp)
        return now.digest.description == stamp
    }

    @LoopActor
    private static func sum(
        _ folder: FilePath, _ skipped: [String],
        _ look:
            @escaping @Sendable (FilePath, [String], WorkerThread.Cancellation) throws ->
            TreeSum
    ) async throws -> TreeSum {
        do {
            return try await WorkerThread.run { try look(folder, skipped, $0) }
        } catch let error as Errno {
            throw KernelSourceError.unreadable(folder, error)
        }
    }

    /// git's own files, and a build folder inside of the tree.
    private static func skipped(_ folder: FilePath, _ out: FilePath) -> [String] {
        let prefix = folder.string + "/"
        guard out.string.hasPrefix(prefix) else { return [".git"] }
        return [".git", String(out.string.dropFirst(prefix.count))]
    }

    /// Only a precaution against reading twice: failing costs time.
    private static func remember(_ contents: String, _ file: FilePath) {
        let folder = file.removingLastComponent()
        let old = FileTree.names(in: folder)
        if old.count > 500 { for name in old { unlink(folder.appending(name).string) } }
        try? FileTree.makeFolders(folder)
        try? AtomicFile.write(Array(contents.utf8), to: file)
    }

    private static func wallClock() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
