import Glibc
import QshRuntime
import SystemPackage

/// A folder of a test's own with folders in it, removed with the last reference.
public final class TestTree: Sendable {
    private let folder: TemporaryDirectory

    /// Where it is.
    public var path: FilePath { folder.path }

    /// Makes an empty one.
    public init() throws { folder = try TemporaryDirectory(prefix: "qsh-test") }

    /// Writes a file, making the folders it lies in.
    @discardableResult
    public func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws -> FilePath {
        try write(name, Array(text.utf8), mode: mode)
    }

    /// Writes a file of bytes.
    @discardableResult
    public func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws -> FilePath {
        var folder = path
        for component in FilePath(name).components.dropLast() {
            folder = folder.appending(component)
            mkdir(folder.string, 0o755)
        }
        let file = path.appending(FilePath(name).components)
        try AtomicFile.write(bytes, to: file, mode: mode)
        return file
    }

    /// Names in it, or in a folder of it, sorted.
    public func names(_ folder: String = ".") -> [String] {
        var names: [String] = []
        guard let stream = opendir("\(path)/\(folder)") else { return [] }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }
}
