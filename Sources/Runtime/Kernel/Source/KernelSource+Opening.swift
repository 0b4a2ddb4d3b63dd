import SystemPackage

/// Where a kernel's source is to come from.
public enum KernelSourceRequest: Sendable, Equatable {
    /// A folder or a tarball.
    case path(FilePath)
    /// A package of Debian: `linux-source` for the newest, or one with a version in its name.
    ///
    /// The suite is one of Debian's, `bookworm-backports`; nil for what the host's sources have.
    case debian(String, suite: String? = nil)
    /// A revision of a repository.
    case git(FilePath, revision: String)
}

extension KernelSource {
    /// Opens a source tree, fetching, unpacking or checking out first what is none yet.
    ///
    /// - Parameters:
    ///   - cache: the user's where nil.
    ///   - progress: sees long work; nil is its end.
    ///   - note: gets a line for each step that takes time.
    /// - Throws: ``KernelSourceError``, ``CacheError``, ``PackageError``.
    @LoopActor
    public static func open(
        _ request: KernelSourceRequest, cache: Cache? = nil,
        environment: HostEnvironment = .current,
        progress: @escaping @LoopActor (ProgressReport?) -> Void = { _ in },
        note: @escaping @LoopActor (String) -> Void = { _ in }
    ) async throws -> KernelSource {
        func theCache() throws(CacheError) -> Cache { try Cache.chosen(cache, environment) }
        var folder: FilePath
        let origin: Origin
        switch request {
        case .path(let path) where FileTree.isFolder(path):
            (folder, origin) = (path, .folder)
        case .path(let path):
            folder = try await KernelTarball(file: path, cache: theCache(), progress: progress)
                .open()
            origin = .tarball
        case .debian(let name, let suite):
            let tarball = try await debianTarball(name, suite, theCache(), environment, note)
            folder = try await KernelTarball(file: tarball, cache: theCache(), progress: progress)
                .open()
            origin = .debian
        case .git(let repository, let revision):
            folder = try await KernelWorktree(
                repository: FileTree.absolute(repository), revision: revision, cache: theCache(),
                progress: progress
            ).open()
            origin = .git
        }
        var source = try KernelSource(folder: folder, origin: origin, environment: environment)
        source.git = try await KernelGitState.read(source.folder)
        return source
    }

    /// `usr/src/linux-source-V.tar.xz` of the package.
    @LoopActor
    private static func debianTarball(
        _ name: String, _ suite: String?, _ cache: Cache, _ environment: HostEnvironment,
        _ note: @escaping @LoopActor (String) -> Void
    ) async throws -> FilePath {
        let package = DebianPackage(
            name, arch: .ofHost, following: ["linux-source-"], suite: suite,
            instead: "give a source tree or a tarball")
        func tarball(in folder: FilePath) -> FilePath? {
            let sources = folder.appending("usr").appending("src")
            return FileTree.names(in: sources).first { $0.contains(".tar") }
                .map { sources.appending($0) }
        }
        let folder = try await package.fetch(
            into: cache, environment: environment, progress: note
        ) { folder throws(KernelSourceError) in
            if tarball(in: folder) == nil { throw .noTarballInPackage(name) }
        }
        guard let tarball = tarball(in: folder) else {
            throw KernelSourceError.noTarballInPackage(name)
        }
        return tarball
    }
}
