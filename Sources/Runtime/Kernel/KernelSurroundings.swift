import SystemPackage

/// What lies around a kernel image and belongs to it.
///
/// Known layouts: a running system and an unpacked package (`boot/vmlinuz-V`, `boot/config-V`,
/// `lib/modules/V`), newer packages (`usr/lib/modules/V/vmlinuz`), and a build folder
/// (`arch/x86/boot/bzImage`, `.config`).
struct KernelSurroundings {
    private let image: KernelImage
    private let real: FilePath
    let release: String?

    init(_ image: KernelImage) {
        self.image = image
        real = FileTree.resolved(image.path)
        let build = Self.buildFolder(of: real)
        release =
            image.release ?? Self.releaseInName(of: real)
            ?? build.flatMap(Self.releaseOfBuild) ?? image.releaseInContents()
    }

    /// The folder of its modules: one that is named by the very release.
    var modules: FilePath? {
        guard let release else { return nil }
        let candidates = folders.flatMap { folder in
            [folder.appending("lib"), folder.appending("usr").appending("lib")].map {
                $0.appending("modules").appending(release)
            }
        }
        return
            ([real.removingLastComponent()].filter { $0.lastComponent?.string == release }
            + candidates).first { FileTree.isFolder($0) }
    }

    /// Releases whose modules lie where those of an image are expected, in the same package or on
    /// the same system.
    static func otherReleases(beside image: FilePath) -> [String] {
        let folder = FileTree.resolved(image).removingLastComponent()
        let isBoot = folder.lastComponent?.string == "boot"
        let system = isBoot ? folder.removingLastComponent() : folder
        let folders: [FilePath] = ["lib/modules", "usr/lib/modules"]
        return folders.lazy.map { FileTree.names(in: system.pushing($0)) }
            .first { !$0.isEmpty } ?? []
    }

    /// Its `.config`.
    var config: FilePath? {
        if let build = Self.buildFolder(of: real) { return build.appending(".config") }
        guard let release else { return nil }
        let inModules = modules.map { [$0.appending("config")] } ?? []
        let candidates = folders.flatMap { folder in
            [folder, folder.appending("boot")].map { $0.appending("config-\(release)") }
        }
        return (inModules + candidates).first { FileTree.isFile($0) }
    }

    /// The image's folder, the four around it (`usr/lib/modules/V` is that deep), and the host's.
    private var folders: [FilePath] {
        var folders: [FilePath] = []
        var folder = real.removingLastComponent()
        for _ in 0..<5 where !folders.contains(folder) {
            folders.append(folder)
            folder = folder.removingLastComponent()
        }
        return folders + ["/"]
    }

    private static func releaseInName(of path: FilePath) -> String? {
        let name = path.lastComponent?.string ?? ""
        for prefix in imagePrefixes where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count))
        }
        let folder = path.removingLastComponent()
        let isInModules = folder.removingLastComponent().lastComponent?.string == "modules"
        return isInModules ? folder.lastComponent?.string : nil
    }

    /// kbuild leaves it there (the kernel's top Makefile, `include/config/kernel.release`).
    private static func releaseOfBuild(_ folder: FilePath) -> String? {
        let file = folder.appending("include").appending("config").appending("kernel.release")
        guard let bytes = try? readSmallFile(file, limit: 256) else { return nil }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }

    private static func buildFolder(of image: FilePath) -> FilePath? {
        for arch in Arch.all {
            let inside = FilePath(arch.kernel.imagePath)
            guard image.ends(with: inside) else { continue }
            var folder = image
            for _ in inside.components { folder.removeLastComponent() }
            if FileTree.isFile(folder.appending(".config")) { return folder }
        }
        return nil
    }

    static let imagePrefixes = ["vmlinuz-", "vmlinux-", "kernel-"]
}
