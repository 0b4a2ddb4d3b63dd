import Glibc
import SystemPackage

extension InitramfsTree {
    /// Writes an image that is another image with this tree laid over it: the kernel unpacks one
    /// archive behind the other, and what comes later wins.
    ///
    /// - Throws: ``InitramfsError``, ``HostFileError`` or `CancellationError`.
    func write(to path: FilePath, over below: FilePath) async throws {
        let upper = FilePath(path.string + ".upper")
        try await write(to: upper)
        defer { unlink(upper.string) }
        try await WorkerThread.run { _ in
            let draft = try FileDraft(for: path)
            var size = try Self.append(below, to: draft.descriptor)
            // An archive begins at a multiple of four (Documentation/driver-api/early-userspace/
            // buffer-format.rst); zeros between two are skipped.
            while size % 4 != 0 { size += Glibc.write(draft.descriptor, [0], 1) }
            _ = try Self.append(upper, to: draft.descriptor)
            try draft.commit()
        }
    }

    private static func append(_ source: FilePath, to target: Int32) throws -> Int {
        let file = open(source.string, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw HostFileError("read", source, errno) }
        defer { close(file) }
        var total = 0
        while true {
            let count = sendfile(target, file, nil, 16 << 20)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw HostFileError("write", source, errno) }
            if count == 0 { return total }
            total += count
        }
    }
}
