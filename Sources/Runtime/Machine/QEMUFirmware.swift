import SystemPackage

/// The firmware that QEMU itself does not carry, for the architectures that cannot start without.
public enum QEMUFirmware {
    /// The host's, else Debian's package unpacked into the cache; nil where none is needed.
    ///
    /// - Throws: ``PackageError``, ``CacheError``.
    @LoopActor
    public static func find(
        for arch: Arch, environment: HostEnvironment = .current, cache: Cache? = nil,
        progress: @escaping @LoopActor (String) -> Void
    ) async throws -> FilePath? {
        guard let firmware = arch.qemu.firmware else { return nil }
        if let path = firmware.places.first(where: FileTree.isFile) { return path }
        let cache = try Cache.chosen(cache, environment)
        let package = DebianPackage(
            firmware.package, arch: arch, instead: "give the machine `args = { \"-bios\", PATH }`")
        let folder = try await package.fetch(
            into: cache, environment: environment, progress: progress)
        return firmware.places.map { folder.appending($0.components) }.first(where: FileTree.isFile)
    }
}
