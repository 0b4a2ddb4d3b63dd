import Glibc
import SystemPackage

/// A folder of the host in which files are made by paths that cannot lead out of it: each part is
/// opened below the one before, and no symlink is followed, whoever made it.
final class ConfinedFolder {
    private static let slash = UInt8(ascii: "/")

    private let root: Int32
    /// The folder that was opened last, which nearly always is the next one too.
    private var last: (path: [UInt8], descriptor: Int32)?

    /// Opens a folder, which is made where it is missing.
    init(_ path: FilePath) throws(Errno) {
        try FileTree.makeFolders(path)
        root = path.withPlatformString { Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        if root < 0 { throw Errno(rawValue: errno) }
    }

    deinit {
        if let last { close(last.descriptor) }
        close(root)
    }

    /// Calls `body` with the folder that holds a path, and the path's last part.
    func at<Value>(
        _ path: [UInt8], _ body: (Int32, UnsafePointer<CChar>) -> Value
    ) throws(Errno) -> Value {
        let cut = path.lastIndex(of: Self.slash)
        let folder = try open(folder: cut.map { Array(path[..<$0]) } ?? [])
        let name = path[(cut.map { $0 + 1 } ?? 0)...].map { CChar(bitPattern: $0) } + [0]
        return name.withUnsafeBufferPointer { name in
            // It holds the NUL at least.
            name.baseAddress.map { body(folder, $0) }
        } ?? body(folder, "")
    }

    /// The same for a call that returns less than 0 where it fails.
    @discardableResult
    func call(
        _ path: [UInt8], _ body: (Int32, UnsafePointer<CChar>) -> Int32
    ) throws(Errno) -> Int32 {
        let result = try at(path) { folder, name -> (Int32, Int32) in
            let result = body(folder, name)
            return (result, errno)
        }
        if result.0 < 0 { throw Errno(rawValue: result.1) }
        return result.0
    }

    /// Makes a folder; one that is there stays, a symlink to one is refused.
    func makeFolder(_ path: [UInt8]) throws(Errno) {
        do throws(Errno) {
            try call(path) { mkdirat($0, $1, 0o700) }
        } catch .fileExists {
            _ = try open(folder: path)
        }
    }

    /// Removes what is no folder; no error where nothing is there.
    func clear(_ path: [UInt8]) throws(Errno) {
        do throws(Errno) {
            try call(path) { unlinkat($0, $1, 0) }
        } catch .noSuchFileOrDirectory {
            return
        }
    }

    private func open(folder path: [UInt8]) throws(Errno) -> Int32 {
        if path.isEmpty { return root }
        if let last, last.path == path { return last.descriptor }
        var here = root
        for part in path.split(separator: Self.slash) {
            let name = part.map { CChar(bitPattern: $0) } + [0]
            let next = openat(here, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let code = errno
            if here != root { close(here) }
            if next < 0 { throw Errno(rawValue: code) }
            here = next
        }
        if let last { close(last.descriptor) }
        last = (path, here)
        return here
    }
}
