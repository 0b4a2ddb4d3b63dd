import Glibc
import Synchronization
import SystemPackage

/// A file that appears under its name when it is complete, and never half.
enum OutputFile {
    private static let counter = Atomic(0)

    /// Calls `body` with a sink and renames the result to `path`; on an error nothing is left.
    ///
    /// - Parameter mode: of a new file, less what the umask takes.
    static func write(
        to path: FilePath, mode: mode_t = 0o644, _ body: (any ImageSink) throws -> Void
    ) throws {
        var raw = stat()
        let exists = path.withPlatformString { stat($0, &raw) } == 0
        if exists, HostFile.Status(raw).type == S_IFDIR {
            throw InitramfsError.outputFailed(path, reason: "it is a directory")
        }
        if exists, HostFile.Status(raw).type != S_IFREG {
            return try writeThrough(path, body)
        }
        let temporary = temporaryName(for: path)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        let descriptor = temporary.withPlatformString { open($0, flags, mode) }
        guard descriptor >= 0 else { throw failure(path) }
        do {
            defer { close(descriptor) }
            try fill(DescriptorSink(descriptor, name: path), body)
            guard rename(temporary, to: path) else { throw failure(path) }
        } catch {
            _ = temporary.withPlatformString { unlink($0) }
            throw error
        }
    }

    private static func writeThrough(
        _ path: FilePath, _ body: (any ImageSink) throws -> Void
    ) throws {
        let descriptor = path.withPlatformString { open($0, O_WRONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        try fill(DescriptorSink(descriptor, name: path), body)
    }

    private static func fill(
        _ sink: any ImageSink, _ body: (any ImageSink) throws -> Void
    ) throws {
        try body(sink)
        try sink.finish()
    }

    /// Beside the target, since a rename cannot cross file systems; two writers differ.
    private static func temporaryName(for path: FilePath) -> FilePath {
        let number = counter.add(1, ordering: .relaxed).newValue
        let name = path.lastComponent?.string ?? "image"
        return path.removingLastComponent().appending(".\(name).\(getpid())-\(number).tmp")
    }

    private static func rename(_ from: FilePath, to: FilePath) -> Bool {
        from.withPlatformString { from in to.withPlatformString { Glibc.rename(from, $0) } } == 0
    }

    private static func failure(_ path: FilePath) -> InitramfsError {
        .outputFailed(path, reason: Errno(rawValue: errno).description)
    }
}
