import Glibc
import SystemPackage

/// A folder of a test's own, removed with everything directly in it when the value goes.
public final class ScratchFolder {
    /// Where it is.
    public let path: FilePath

    /// Makes a fresh one in `/tmp`.
    public init() throws {
        var template = Array("/tmp/qsh-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        path = FilePath(
            String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// Writes a file and returns its path.
    public func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> FilePath {
        let file = path.appending(name)
        let descriptor = try FileDescriptor.open(
            file, .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite])
        try descriptor.closeAfter { _ = try descriptor.writeAll(Array(bytes)) }
        return file
    }

    deinit {
        let folder = path.withPlatformString { opendir($0) }
        while let folder, let entry = readdir(folder) {
            withUnsafeBytes(of: &entry.pointee.d_name) { name in
                guard let text = name.bindMemory(to: CChar.self).baseAddress else { return }
                unlinkat(dirfd(folder), text, 0)
            }
        }
        if let folder { closedir(folder) }
        _ = path.withPlatformString { rmdir($0) }
    }
}
