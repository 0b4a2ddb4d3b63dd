import SystemPackage

/// Finds the ELF file with a kernel's symbols.
enum DebugSymbols {
    /// The `vmlinux` of an image: the image itself, the one of its build folder, or the one of a
    /// distribution's package of debug symbols.
    static func file(for image: FilePath) -> FilePath? {
        let real = FileTree.resolved(image)
        if (try? readSmallFile(real, limit: 4)) == [0x7f, 0x45, 0x4c, 0x46] { return real }
        var folder = real.removingLastComponent()
        var candidates = [folder.appending("vmlinux")]
        for arch in Arch.all where real.ends(with: FilePath(arch.kernel.imagePath)) {
            folder = real
            for _ in FilePath(arch.kernel.imagePath).components { folder.removeLastComponent() }
            candidates.append(folder.appending("vmlinux"))
        }
        let name = real.lastComponent?.string ?? ""
        if let dash = name.firstIndex(of: "-") {
            let release = String(name[name.index(after: dash)...])
            candidates.append(real.removingLastComponent().appending("vmlinux-\(release)"))
            for place in [
                "/usr/lib/debug/boot/vmlinux-\(release)",
                "/usr/lib/debug/lib/modules/\(release)/vmlinux",
            ] {
                candidates.append(FilePath(place))
            }
        }
        return candidates.first { FileTree.isFile($0) }
    }
}
