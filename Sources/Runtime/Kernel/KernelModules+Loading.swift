import Glibc
import SystemPackage

extension KernelModules {
    /// As ``resolve(_:)``, but files that finit_module(2) takes as they are: the compressed ones
    /// are decompressed into the cache, once.
    ///
    /// - Throws: ``KernelModulesError``, ``CacheError``.
    public func resolveLoadable(_ names: [String], cache: Cache? = nil) throws -> [FilePath] {
        let files = try resolve(names).compactMap { KernelModuleFile($0.string) }
        guard files.contains(where: { $0.compression != nil }) else { return files.map(\.path) }
        let cache = try Cache.chosen(cache)
        return try files.map { file in
            file.compression == nil ? file.path : try plain(file, cache)
        }
    }

    /// Size and time of the file are in the name, so that a module built again is taken again.
    private func plain(_ file: KernelModuleFile, _ cache: Cache) throws -> FilePath {
        var status = stat()
        guard stat(file.location, &status) == 0 else {
            throw KernelModulesError.unreadable(file.path, Errno(rawValue: errno))
        }
        let release = folder.lastComponent?.string ?? "modules"
        let target = cache.path(of: "modules").appending(release)
            .appending("\(status.st_size)-\(status.st_mtim.tv_sec)").appending("\(file.name).ko")
        if FileTree.isFile(target) { return target }
        let bytes = try file.contents()
        do throws(Errno) {
            try FileTree.makeFolders(target.removingLastComponent())
            try AtomicFile.write(bytes, to: target)
        } catch {
            throw CacheError.unusable(cache.root, error)
        }
        return target
    }
}
