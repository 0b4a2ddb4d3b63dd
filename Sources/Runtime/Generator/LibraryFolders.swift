import Glibc
import SystemPackage

/// Where the dynamic linker of a root looks for libraries that no path is given for.
///
/// Stands for `/etc/ld.so.cache`, which is made from the same list: ldconfig(8), ld.so(8).
struct LibraryFolders {
    /// Those of `/etc/ld.so.conf`, which an image has no copy of.
    let configured: [String]
    /// Those that the linker itself knows.
    let trusted: [String]

    init(_ root: HostRoot, _ arch: Arch) {
        let triple = Self.triple(arch)
        let lib = arch.elf.is64Bit ? "lib64" : "lib32"
        let trusted = [
            "/lib/\(triple)", "/usr/lib/\(triple)", "/\(lib)", "/usr/\(lib)", "/lib", "/usr/lib",
        ].filter(root.isFolder)
        var folders: [String] = []
        Self.read("/etc/ld.so.conf", root, depth: 0, into: &folders)
        self.trusted = trusted
        configured = folders.filter { !trusted.contains($0) }
    }

    /// Debian's multiarch tuple, which its glibc is built to know.
    private static func triple(_ arch: Arch) -> String {
        switch arch.name {
        case "x86_64": "x86_64-linux-gnu"
        case "i386": "i386-linux-gnu"
        case "arm64": "aarch64-linux-gnu"
        case "armhf": "arm-linux-gnueabihf"
        case "riscv64": "riscv64-linux-gnu"
        case "ppc64el": "powerpc64le-linux-gnu"
        case "s390x": "s390x-linux-gnu"
        case "loong64": "loongarch64-linux-gnu"
        case "mips64el": "mips64el-linux-gnuabi64"
        case "mipsel": "mipsel-linux-gnu"
        default: "\(arch.name)-linux-gnu"
        }
    }

    private static func read(
        _ path: String, _ root: HostRoot, depth: Int, into folders: inout [String]
    ) {
        guard depth < 8, let file = root.real(path)?.path,
            let bytes = try? readSmallFile(FilePath(file), limit: 1 << 16)
        else { return }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
            guard let first = words.first else { continue }
            if first == "include" {
                for pattern in words.dropFirst() {
                    let folder = pattern.split(separator: "/").dropLast().joined(separator: "/")
                    let base = pattern.hasPrefix("/") ? "/\(folder)" : "/etc/\(folder)"
                    let name = String(pattern.split(separator: "/").last ?? "")
                    guard let real = root.real(base)?.path else { continue }
                    for entry in FileTree.entries(of: real) where fnmatch(name, entry.name, 0) == 0
                    {
                        read("\(base)/\(entry.name)", root, depth: depth + 1, into: &folders)
                    }
                }
            } else if first.hasPrefix("/"), !folders.contains(String(first)) {
                folders.append(String(first))
            }
        }
    }
}
