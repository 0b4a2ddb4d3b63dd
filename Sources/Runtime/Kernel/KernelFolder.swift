import SystemPackage

/// Finds the kernel image in a folder: an unpacked package, `/boot`, or a build folder.
enum KernelFolder {
    /// Where there are several, the one of the newest release.
    static func image(in folder: FilePath, preferring arch: Arch) -> FilePath? {
        packaged(in: folder) ?? built(in: folder, preferring: arch)
    }

    /// What is said to have been looked for.
    static let expected = "boot/vmlinuz-*, lib/modules/*/vmlinuz or a built arch/*/boot/ image"

    private static func packaged(in folder: FilePath) -> FilePath? {
        var found: [(release: String, image: FilePath)] = []
        for place in [folder.appending("boot"), folder] {
            for name in FileTree.names(in: place) {
                guard let prefix = KernelSurroundings.imagePrefixes.first(where: name.hasPrefix)
                else { continue }
                found.append((String(name.dropFirst(prefix.count)), place.appending(name)))
            }
        }
        for place in ["usr/lib/modules", "lib/modules"] {
            let modules = folder.appending(FilePath(place).components)
            for release in FileTree.names(in: modules) {
                found.append((release, modules.appending(release).appending("vmlinuz")))
            }
        }
        found.append(("", folder.appending("usr").appending("bin").appending("linux.uml")))
        // The folder may be lib/modules/V itself.
        found.append(("", folder.appending("vmlinuz")))
        return found.filter { FileTree.isFile($0.image) }
            .max { isOlder($0.release, $1.release) }?.image
    }

    /// Every architecture's build leaves a `vmlinux`, so that name counts last.
    private static func built(in folder: FilePath, preferring arch: Arch) -> FilePath? {
        ([arch] + Arch.all).map(\.kernel.imagePath).filter { $0.contains("/") }
            .map { folder.appending(FilePath($0).components) }
            .first { FileTree.isFile($0) }
            ?? [folder.appending("vmlinux")].first { FileTree.isFile($0) }
    }

    /// Compares runs of digits as numbers, so that 6.1.0-9 is older than 6.1.0-56.
    static func isOlder(_ left: String, _ right: String) -> Bool {
        let (left, right) = (versionParts(left), versionParts(right))
        for (one, other) in zip(left, right) where one != other {
            return one.number == other.number ? one.text < other.text : one.number < other.number
        }
        return left.count < right.count
    }

    private static func versionParts(_ text: String) -> [(text: String, number: Int)] {
        var parts: [(text: String, number: Int)] = []
        var rest = text[...]
        while let first = rest.first {
            let isNumber = first.isNumber
            let part = rest.prefix { $0.isNumber == isNumber }
            parts.append((isNumber ? "" : String(part), isNumber ? Int(part) ?? .max : -1))
            rest = rest.dropFirst(part.count)
        }
        return parts
    }
}
