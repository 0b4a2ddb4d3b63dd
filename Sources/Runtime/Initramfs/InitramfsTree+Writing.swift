import CLinux
import Glibc
import SystemPackage

extension InitramfsTree {
    /// Writes the tree as a `newc` image at `path`, complete or not at all.
    ///
    /// The same tree and configuration give the same bytes. An image that holds secrets is for
    /// its owner only. Runs on a worker thread in constant
    /// memory. A file that exists is replaced in one step; a pipe or device is written through.
    ///
    /// - Parameter early: an archive in front that stays uncompressed, as the kernel looks for
    ///   microcode and ACPI tables before it can decompress anything.
    /// - Throws: ``InitramfsError``, or `CancellationError`; neither leaves a file.
    public func write(
        to path: FilePath, _ configuration: CpioConfiguration? = nil,
        compression: InitramfsCompression = .none, early: InitramfsTree = InitramfsTree()
    ) async throws {
        let settings = try configuration ?? CpioConfiguration.fromEnvironment()
        try await WorkerThread.run { cancellation in
            try OutputFile.write(to: path, mode: hasSecrets ? 0o600 : 0o644) { sink in
                if early.count > 0 {
                    var writer = CpioWriter(to: sink, settings)
                    try writer.write(early.entries) { cancellation.isCancelled }
                }
                var writer = CpioWriter(to: try compression.sink(sink), settings)
                try writer.write(entries) { cancellation.isCancelled }
            }
        }
    }

    /// Writes the tree to a nameless file in memory.
    ///
    /// - Returns: its descriptor, closed on exec and at offset 0; the caller closes it.
    public func writeToMemoryFile(
        _ configuration: CpioConfiguration? = nil
    ) async throws -> Int32 {
        let settings = try configuration ?? CpioConfiguration.fromEnvironment()
        return try await WorkerThread.run { cancellation in
            let descriptor = q_memfd_create("qsh-initramfs")
            guard descriptor >= 0 else {
                throw InitramfsError.outputFailed(
                    "memory", reason: Errno(rawValue: errno).description)
            }
            do {
                var writer = CpioWriter(to: DescriptorSink(descriptor, name: "memory"), settings)
                try writer.write(entries) { cancellation.isCancelled }
            } catch {
                close(descriptor)
                throw error
            }
            lseek(descriptor, 0, SEEK_SET)
            return descriptor
        }
    }

    /// The image as bytes, on the calling thread: for small trees.
    public func image(
        _ configuration: CpioConfiguration = .init(), compression: InitramfsCompression = .none
    ) throws -> [UInt8] {
        let sink = MemorySink()
        var writer = CpioWriter(to: try compression.sink(sink), configuration)
        try writer.write(entries) { false }
        return sink.bytes
    }
}

extension InitramfsCompression {
    /// A sink that compresses into another one, or that one itself.
    func sink(_ inner: any ImageSink) throws(InitramfsError) -> any ImageSink {
        if codec == .none { return inner }
        let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        if partSize != nil { return PartedSink(self, threads: processors, to: inner) }
        guard let encoder = makeEncoder(threads: processors) else { throw .compressorFailed }
        return CompressingSink(encoder, to: inner)
    }
}
