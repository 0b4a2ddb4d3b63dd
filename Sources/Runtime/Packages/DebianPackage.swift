import Glibc
import SystemPackage

/// A package of Debian that is unpacked into the cache, not installed.
public struct DebianPackage: Sendable {
    /// Name of the package, or of a metapackage.
    public let name: String
    /// What it is for.
    public let arch: Arch
    /// Beginnings of the names of dependencies that are fetched with it: a metapackage has
    /// nothing in itself, and newer kernels are spread over several packages.
    public let following: [String]
    /// What the user can do where it cannot be had.
    public let instead: String

    /// Debian's suite that has it: `trixie`, `bookworm-backports`; nil for what the host's sources
    /// have, and for the nearest suite where they do not have the architecture.
    public let suite: String?

    /// Describes a package; nothing is fetched.
    public init(
        _ name: String, arch: Arch, following: [String] = [], suite: String? = nil, instead: String
    ) {
        self.name = name
        self.arch = arch
        self.suite = suite
        self.following = following
        self.instead = instead
    }

    /// Name of the cache's entry. It does not hold the version, so that a run after the first asks
    /// nobody; removing the folder gets the newest one.
    public var entryName: String {
        "\(name)_\(arch.debian.architecture)" + (suite.map { "_\($0)" } ?? "")
    }

    /// Returns the folder with the package's files, fetching them where they are not there.
    ///
    /// - Parameters:
    ///   - environment: where `PATH` is taken from, on which apt is looked up.
    ///   - progress: one line before the download, and one where another process is at it.
    ///   - check: throws where the files are not what was hoped for; nothing is kept then.
    /// - Throws: ``PackageError``, ``CacheError``, what `check` throws.
    @LoopActor
    public func fetch(
        into cache: Cache, environment: HostEnvironment = .current,
        progress: @escaping @LoopActor (String) -> Void,
        check: @LoopActor (FilePath) throws -> Void = { _ in }
    ) async throws -> FilePath {
        try await cache.entry(
            entryName, until: .after(.seconds(1800)),
            waiting: { progress("waiting for another qsh that fetches \(name)") },
            make: { scratch in
                let download = PackageDownload(
                    package: self, cache: cache, scratch: scratch,
                    programs: try AptPrograms(for: self, environment), progress: progress)
                let folder = try await download.run()
                try check(folder)
                return folder
            })
    }
}
