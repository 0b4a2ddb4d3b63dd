import Glibc
import SystemPackage

/// A folder that is taken for the root directory: the host's own, or one of unpacked packages.
///
/// Paths in it start with a slash, and absolute symlinks lead to the folder's own files.
struct HostRoot: Sendable, Equatable {
    /// Without a slash at the end; empty for the host's own root.
    let folder: String

    /// The host's own.
    static let host = HostRoot("/")

    init(_ folder: String) {
        var folder = folder
        while folder.hasSuffix("/") { folder.removeLast() }
        self.folder = folder
    }

    enum Kind { case file, folder, other }

    /// The path of the host for what lies at `path`, symlinks followed; nil where nothing is.
    func real(_ path: String) -> (path: String, kind: Kind)? {
        if folder.isEmpty { return Self.kind(path).map { (path, $0) } }
        var pending = Array(path.split(separator: "/").map(String.init).reversed())
        var here: [String] = []
        var links = 0
        while let part = pending.popLast() {
            if part == "." { continue }
            if part == ".." {
                _ = here.popLast()
                continue
            }
            guard let target = readlink(inside(here + [part])) else {
                here.append(part)
                continue
            }
            links += 1
            if links > 40 { return nil }
            if target.hasPrefix("/") { here = [] }
            pending += target.split(separator: "/").map(String.init).reversed()
        }
        let found = inside(here)
        return Self.kind(found).map { (found, $0) }
    }

    /// Whether a regular file is there, symlinks followed.
    func isFile(_ path: String) -> Bool { real(path)?.kind == .file }

    func isFolder(_ path: String) -> Bool { real(path)?.kind == .folder }

    /// The host's path of parts below the folder, nothing followed.
    func inside(_ parts: [String]) -> String { folder + "/" + parts.joined(separator: "/") }

    private static func kind(_ path: String) -> Kind? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    /// What a symlink of the host holds; nil for everything else.
    func readlink(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { raw in
            raw.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { Glibc.readlink(path, $0, text.count) } ?? -1
            }
        }
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    /// Where a program named without a slash lies, by the usual order of `PATH`.
    func program(_ name: String) -> String? {
        ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
            .map { "\($0)/\(name)" }.first(where: isFile)
    }
}
