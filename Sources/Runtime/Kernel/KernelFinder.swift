import Glibc
import SystemPackage

/// Finds a kernel to boot without building one.
@LoopActor
public enum KernelFinder {
    /// The path asked for, else `QSH_KERNEL`, else the host's own where it can be read, else
    /// Debian's smallest for the architecture, fetched into the cache once.
    ///
    /// - Parameters:
    ///   - asked: an image, an unpacked package or a build folder.
    ///   - arch: what the machine will be; nil for what is asked for, else for the host's. The
    ///     host's own kernel counts only for its own.
    ///   - cache: the user's where nil.
    ///   - progress: gets one line for each step that takes time.
    /// - Throws: ``KernelImageError``, ``KernelFinderError``, ``PackageError``, ``CacheError``.
    public static func find(
        asked: FilePath? = nil, arch: Arch? = nil, environment: HostEnvironment = .current,
        cache: Cache? = nil, progress: @escaping @LoopActor (String) -> Void
    ) async throws -> Kernel {
        if let asked { return try at(asked, origin: .asked, arch: arch) }
        if let path = environment["QSH_KERNEL"] {
            do { return try at(FilePath(path), origin: .environment, arch: arch) } catch {
                throw KernelFinderError.environment(error.diagnostic)
            }
        }
        let arch = arch ?? .ofHost
        if arch == .ofHost, let kernel = ofHost() { return kernel }
        let cache = try Cache.chosen(cache, environment)
        return try await debian(arch, cache, environment, progress)
    }

    /// The kernel at a path: an image, an unpacked package or a build folder.
    public static func at(
        _ path: FilePath, origin: Kernel.Origin = .asked, arch: Arch? = nil
    ) throws(KernelFinderError) -> Kernel {
        var image = path
        if FileTree.isFolder(path) {
            guard let found = KernelFolder.image(in: path, preferring: arch ?? .ofHost) else {
                throw .nothingIn(path, isSource: FileTree.isFile(path.appending("Kbuild")))
            }
            image = found
        }
        do throws(KernelImageError) {
            let kernel = try Kernel(image: image, origin: origin, arch: arch ?? .ofHost)
            if let arch, kernel.arch != arch {
                throw KernelImageError(image, .foreign(kernel: kernel.arch, machine: arch))
            }
            return kernel
        } catch {
            throw .image(error)
        }
    }

    /// Some distributions let only root read it; one that cannot be read or is none counts as
    /// absent, since nobody asked for it.
    private static func ofHost() -> Kernel? {
        let path = FilePath("/boot/vmlinuz-\(HostSystem.release)")
        return FileTree.isReadable(path) ? try? Kernel(image: path, origin: .host) : nil
    }

    /// Debian's smallest kernel for the architecture, whatever else there is.
    static func debian(
        _ arch: Arch, _ cache: Cache, _ environment: HostEnvironment,
        _ progress: @escaping @LoopActor (String) -> Void
    ) async throws -> Kernel {
        let package = DebianPackage(
            arch.debian.kernelPackage, arch: arch,
            following: ["linux-image-", "linux-binary-", "linux-modules-", "linux-base-"],
            instead: "give `kernel = PATH` or set QSH_KERNEL")
        let folder = try await package.fetch(
            into: cache, environment: environment, progress: progress
        ) { folder in
            _ = try at(folder, origin: .debian, arch: arch)
        }
        return try at(folder, origin: .debian, arch: arch)
    }
}
