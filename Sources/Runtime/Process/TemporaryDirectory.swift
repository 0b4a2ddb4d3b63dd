import Glibc
import SystemPackage

/// A scratch folder of mode 0700 that is removed with its contents when the last owner lets go.
///
/// The removal runs where the last reference goes; keep big trees away from the loop's thread.
public final class TemporaryDirectory: Sendable {
    /// The folder, as an absolute path.
    public let path: FilePath

    /// Makes one.
    ///
    /// - Parameters:
    ///   - prefix: how its name begins, for somebody who finds it.
    ///   - parent: an existing folder; nil for `$TMPDIR`, else `/tmp`.
    /// - Throws: `Errno` of mkdtemp(3).
    public init(prefix: String = "qsh", in parent: FilePath? = nil) throws(Errno) {
        path = try Self.make("\(prefix)-", in: parent ?? Self.systemFolder)
    }

    /// Makes a folder of mode 0700 that nobody removes, its name `prefix` and six characters.
    static func make(_ prefix: String, in parent: FilePath) throws(Errno) -> FilePath {
        var template = Array(parent.appending("\(prefix)XXXXXX").string.utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        return template.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { FilePath(platformString: $0) } ?? FilePath()
        }
    }

    deinit { FileTree.remove(path) }

    /// `$TMPDIR`, else `/tmp`.
    static var systemFolder: FilePath {
        let named = getenv("TMPDIR").map { FilePath(String(cString: $0)) }
        return named.flatMap { $0.isAbsolute ? $0 : nil } ?? "/tmp"
    }
}
