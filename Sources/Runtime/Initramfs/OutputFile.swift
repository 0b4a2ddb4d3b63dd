import Glibc
import SystemPackage

/// The file that an image goes to: appears under its name when it is complete, and never half.
enum OutputFile {
    /// Calls `body` with a sink and renames the result to `path`; on an error nothing is left.
    ///
    /// A pipe or a device is written through.
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
        let draft = try naming(path) { () throws(HostFileError) in
            try FileDraft(for: path, mode: mode)
        }
        try fill(DescriptorSink(draft.descriptor, name: path), body)
        try naming(path) { () throws(HostFileError) in try draft.commit() }
    }

    private static func writeThrough(
        _ path: FilePath, _ body: (any ImageSink) throws -> Void
    ) throws {
        let descriptor = path.withPlatformString { open($0, O_WRONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw InitramfsError.outputFailed(path, reason: Errno(rawValue: errno).description)
        }
        defer { close(descriptor) }
        try fill(DescriptorSink(descriptor, name: path), body)
    }

    private static func fill(
        _ sink: any ImageSink, _ body: (any ImageSink) throws -> Void
    ) throws {
        try body(sink)
        try sink.finish()
    }

    /// An error of the file as one of the image.
    private static func naming<Value>(
        _ path: FilePath, _ body: () throws(HostFileError) -> Value
    ) throws(InitramfsError) -> Value {
        do throws(HostFileError) { return try body() } catch {
            throw .outputFailed(path, reason: error.reason.description)
        }
    }
}
