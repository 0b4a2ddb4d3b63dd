import Glibc
import SystemPackage

/// qsh's folder of things that can be fetched again: entries are complete or not there at all.
///
/// An entry is made in a scratch folder beside it and renamed. A lock file per entry, held with
/// flock(2), keeps two processes from making the same one; the kernel drops it with its holder, so
/// that whatever scratch folder is found under the lock was left by somebody who is gone.
public struct Cache: Sendable, Equatable {
    /// The folder; made when the first entry is.
    public let root: FilePath

    /// Takes a folder.
    public init(root: FilePath) { self.root = root }

    /// The user's: `$XDG_CACHE_HOME/qsh`, else `~/.cache/qsh` (XDG Base Directory Specification,
    /// which says to ignore a relative path).
    public static func ofUser(environment: HostEnvironment = .current) throws(CacheError) -> Cache {
        if let folder = environment["XDG_CACHE_HOME"], folder.hasPrefix("/") {
            return Cache(root: FilePath(folder).appending("qsh"))
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else { throw .noHome }
        return Cache(root: FilePath(home).appending(".cache").appending("qsh"))
    }

    /// The cache that a caller names, else the user's.
    static func chosen(
        _ cache: Cache?, _ environment: HostEnvironment = .current
    ) throws(CacheError) -> Cache {
        if let cache { return cache }
        return try ofUser(environment: environment)
    }

    /// Where an entry is or will be.
    public func path(of name: String) -> FilePath { root.appending(name) }

    /// Returns an entry, making it first where it is not there.
    ///
    /// - Parameters:
    ///   - name: a file name; `~` is not for it, since that marks scratch folders.
    ///   - deadline: for another process that is making the same entry.
    ///   - writesThrough: whether the whole file system is synchronised first; not for what its
    ///     maker has put on the disk itself.
    ///   - waiting: called once where there is such a process.
    ///   - make: gets a scratch folder and returns what in it becomes the entry.
    /// - Throws: ``CacheError``, and what `make` throws; nothing is left behind then.
    @LoopActor
    public func entry(
        _ name: String, until deadline: Deadline, writesThrough: Bool = true,
        waiting: @LoopActor () -> Void = {},
        make: @LoopActor (_ scratch: FilePath) async throws -> FilePath
    ) async throws -> FilePath {
        let path = path(of: name)
        if FileTree.isFolder(path) { return path }
        return try await withLock(name, until: deadline, waiting: waiting) {
            if FileTree.isFolder(path) { return path }
            await removeScratch(of: name)
            let scratch = try makeScratch(of: name)
            do {
                let made = try await make(scratch)
                if writesThrough { await writeThrough(made) }
                try rename(made, to: path)
            } catch {
                await removeScratch(of: name)
                throw error
            }
            await removeScratch(of: name)
            return path
        }
    }

    /// Runs `body` while no other process, and no other task of this one, holds the same lock.
    @LoopActor
    func withLock<Result>(
        _ name: String, until deadline: Deadline, waiting: @LoopActor () -> Void = {},
        _ body: @LoopActor () async throws -> Result
    ) async throws -> Result {
        try makeRoot()
        let file = root.appending("\(name).lock")
        let lock = file.withPlatformString { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o644) }
        guard lock >= 0 else { throw CacheError.unusable(root, Errno(rawValue: errno)) }
        // Never unlinked: a second holder could then lock a file that nobody else sees.
        defer { close(lock) }
        do { try await FileLock.take(lock, until: deadline, waiting: waiting) } catch let failure
            as FileLock.Failure
        {
            switch failure {
            case .busy: throw CacheError.busy(path(of: name))
            case .refused(let error): throw CacheError.unusable(root, error)
            }
        }
        return try await body()
    }

    private func makeRoot() throws(CacheError) {
        do { try FileTree.makeFolders(root) } catch { throw .unusable(root, error) }
    }

    private func scratchPrefix(of name: String) -> String { ".\(name)~" }

    private func makeScratch(of name: String) throws(CacheError) -> FilePath {
        do { return try TemporaryDirectory.make(scratchPrefix(of: name), in: root) } catch {
            throw .unusable(root, error)
        }
    }

    /// A kernel package is 1,200 files: the loop goes on meanwhile.
    @LoopActor
    private func removeScratch(of name: String) async {
        let prefix = scratchPrefix(of: name)
        let found = FileTree.names(in: root).filter { $0.hasPrefix(prefix) }
        guard !found.isEmpty else { return }
        _ = try? await WorkerThread.run { _ in
            for name in found { FileTree.remove(root.appending(name)) }
        }
    }

    /// A power cut after the rename must not leave an entry of empty files. Only a precaution:
    /// where sync(1) cannot do it, nothing else is wrong.
    @LoopActor
    private func writeThrough(_ made: FilePath) async {
        _ = try? await CommandRunner.run(
            Command(["sync", "--file-system", made.string]), until: .after(.seconds(60)))
    }

    private func rename(_ made: FilePath, to path: FilePath) throws(CacheError) {
        let result = made.withPlatformString { made in
            path.withPlatformString { Glibc.rename(made, $0) }
        }
        guard result == 0 else { throw .unusable(root, Errno(rawValue: errno)) }
    }
}
