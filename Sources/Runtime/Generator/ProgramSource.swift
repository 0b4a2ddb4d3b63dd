import SystemPackage

/// Finds a program that a hook needs: the host's, else Debian's, unpacked into the cache.
@LoopActor
struct ProgramSource {
    let arch: Arch
    let environment: HostEnvironment
    let cache: Cache?
    let progress: @LoopActor (String) -> Void

    /// Returns the root in which the program lies and its path there.
    ///
    /// - Parameters:
    ///   - package: Debian's package; nil where only the host's will do.
    /// - Throws: ``GeneratorError``, ``PackageError``, ``CacheError``.
    func find(_ name: String, package: String?) async throws -> (root: HostRoot, path: String) {
        if arch == .ofHost, let path = HostRoot.host.program(name) { return (.host, path) }
        guard let package else {
            throw GeneratorError.noProgram(name, looked: "the program folders of `/`")
        }
        let cache = try Cache.chosen(cache, environment)
        // Libraries come with it, so that all of it is of one release of Debian.
        let source = DebianPackage(
            package, arch: arch, following: ["lib"], instead: "install `\(name)`")
        let folder = try await source.fetch(
            into: cache, environment: environment, progress: progress)
        let root = HostRoot(folder.string)
        guard let path = root.program(name) else {
            throw GeneratorError.noProgram(name, looked: "Debian's package `\(package)`")
        }
        return (root, path)
    }
}
