import Glibc
import SystemPackage

/// A folder of the host in which files are made by paths that cannot lead out of it: each part is
/// opened below the one before, and no symlink is followed, whoever made it.
final class ConfinedFolder {
    private static let slash = UInt8(ascii: "/")

    /// Folders that are kept open: the way down from the root to each would take a time that
    /// grows with the square of the depth.
    private static let limit = 64

    private let root: Int32
    /// The path of the folder that was opened last, which nearly always is the next one too.
    private var last: [UInt8] = []
    /// It and those above it, the deepest at the end; each with the length of its path.
    private var opened: [(length: Int, descriptor: Int32)] = []

    /// Opens a folder, which is made where it is missing.
    init(_ path: FilePath) throws(Errno) {
        try FileTree.makeFolders(path)
        root = path.withPlatformString { Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        if root < 0 { throw Errno(rawValue: errno) }
    }

    deinit {
        for folder in opened { close(folder.descriptor) }
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
        leave(for: path)
        var start = opened.last.map { $0.length + 1 } ?? 0
        while start < path.count {
            let end = path[start...].firstIndex(of: Self.slash) ?? path.count
            let name = path[start..<end].map { CChar(bitPattern: $0) } + [0]
            let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
            let next = openat(opened.last?.descriptor ?? root, name, flags)
            if next < 0 {
                let code = errno
                last = Array(path[..<(opened.last?.length ?? 0)])
                throw Errno(rawValue: code)
            }
            if opened.count == Self.limit { close(opened.removeFirst().descriptor) }
            opened.append((end, next))
            start = end + 1
        }
        last = path
        return opened.last?.descriptor ?? root
    }

    /// Closes what is neither the folder at `path` nor above it.
    private func leave(for path: [UInt8]) {
        while let (length, descriptor) = opened.last {
            let isAbove =
                path.count == length || path.count > length && path[length] == Self.slash
            if isAbove, path[..<length] == last[..<length] { return }
            close(descriptor)
            opened.removeLast()
        }
    }
}
