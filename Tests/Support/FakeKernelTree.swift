import Glibc
import QshRuntime
import SystemPackage

/// A copy of `Tests/Fixtures/kernel-tree`: builds as a kernel does, in milliseconds.
public final class FakeKernelTree: Sendable {
    private let tree: TestTree

    /// Where it is.
    public let folder: FilePath

    /// Copies the fixture.
    ///
    /// - Parameter name: of the folder it lies in.
    public init(_ name: String = "linux-6.1") throws {
        tree = try TestTree()
        folder = tree.path.appending(name)
        try Self.copy(Self.fixture, to: folder)
    }

    /// The original; not to be changed.
    public static let fixture = FilePath(#filePath).removingLastComponent()
        .removingLastComponent().appending("Fixtures").appending("kernel-tree")

    /// Beside the tree: for caches and outputs.
    public func beside(_ name: String) -> FilePath { tree.path.appending(name) }

    /// Writes a file of the tree.
    public func write(_ name: String, _ text: String) throws {
        try tree.write("\(folder.lastComponent?.string ?? "")/\(name)", text)
    }

    private static func copy(_ from: FilePath, to: FilePath) throws {
        guard mkdir(to.string, 0o755) == 0, let stream = opendir(from.string) else {
            throw Errno(rawValue: errno)
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name == "." || name == ".." { continue }
            if Int(entry.pointee.d_type) == Int(DT_DIR) {
                try copy(from.appending(name), to: to.appending(name))
            } else {
                try copyFile(from.appending(name), to: to.appending(name))
            }
        }
    }

    private static func copyFile(_ from: FilePath, to: FilePath) throws {
        let input = try FileDescriptor.open(from, .readOnly)
        let bytes = try input.closeAfter {
            var bytes = [UInt8](repeating: 0, count: 1 << 20)
            let count = try bytes.withUnsafeMutableBytes { try input.read(into: $0) }
            return Array(bytes[..<count])
        }
        try AtomicFile.write(bytes, to: to)
    }
}
