import QshRuntime
import SystemPackage

/// A folder of a test's own, removed with everything in it when the value goes.
public final class ScratchFolder {
    private let folder: TemporaryDirectory

    /// Where it is.
    public var path: FilePath { folder.path }

    /// Makes a fresh one.
    public init() throws { folder = try TemporaryDirectory(prefix: "qsh-test") }

    /// Writes a file and returns its path.
    public func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> FilePath {
        let file = path.appending(name)
        try AtomicFile.write(Array(bytes), to: file, mode: 0o600)
        return file
    }
}
