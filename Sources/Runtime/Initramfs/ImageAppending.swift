import Glibc
import SystemPackage

/// Adds files to an image without unpacking it: by one more archive behind all others.
public enum ImageAppending {
    /// Of an archive in an image, in bytes.
    private static let alignment = 4

    /// For others that add to the same image: each copies it once.
    private static let patience = Duration.seconds(60)

    /// What came of it.
    public struct Result: Sendable {
        /// Paths in the image, as they came to be behind its symlinks, without a leading slash.
        public var paths: [[UInt8]]
        /// Length of the new image in bytes.
        public var length: Int
    }

    /// Appends on a worker thread; the new image appears complete or not at all.
    ///
    /// - Parameters:
    ///   - output: the new image; nil puts it in the place of the old one.
    ///   - compression: of the added archive.
    /// - Throws: ``InitramfsError`` where the base cannot be read, the kernel would stop before
    ///   its end, an overlay cannot be added, or another process holds the image for a minute;
    ///   `CancellationError`.
    @LoopActor
    public static func append(
        _ overlays: [ImageOverlay], to base: FilePath, output: FilePath? = nil,
        _ configuration: CpioConfiguration? = nil, compression: InitramfsCompression = .none
    ) async throws -> Result {
        let settings = try configuration ?? CpioConfiguration.fromEnvironment()
        // A symlink to an image is followed, not replaced.
        let place = FileTree.resolved(base)
        let target = output ?? place
        let claim =
            FileTree.resolved(target) == place
            ? try await ImageClaim.take(place, until: .after(patience)) : nil
        defer { withExtendedLifetime(claim) {} }
        return try await WorkerThread.run { cancellation in
            if UnifiedKernelImage(looking: base) != nil { throw InitramfsError.unified(base) }
            let image = try InitramfsReader.read(base)
            if let stop = image.stop { throw InitramfsError.appendUnreachable(base, stop: stop) }
            let entries = try OverlayEntries(overlays, over: image.tree).entries
            guard !entries.isEmpty else {
                throw InitramfsError.nothingToAppend(overlays.map(\.display))
            }
            var length = 0
            let isSecret = entries.contains(where: \.isSecretFile)
            let mode = try HostFile.readableStatus(of: base).mode & (isSecret ? 0o600 : 0o777)
            try OutputFile.write(to: target, mode: mode) { sink in
                let counter = CountingSink(sink)
                try copy(base, image, to: counter)
                var writer = CpioWriter(to: try compression.sink(counter), settings)
                try writer.write(entries, afterTrailer: image.endsInTrailer) {
                    cancellation.isCancelled
                }
                try copyTail(base, image, to: counter)
                length = counter.count
            }
            return Result(paths: entries.map(\.path.bytes), length: length)
        }
    }

    /// Copies the archives, and what has to be between them and the next one: padding to a
    /// multiple of 4, and four NUL bytes behind lz4, which would take anything else for a block.
    private static func copy(
        _ base: FilePath, _ image: InitramfsImage, to sink: CountingSink
    ) throws(InitramfsError) {
        let archives = image.segments.filter { $0.codec != .bootconfig }
        let end = tail(image)?.offset ?? image.length
        try copy(base, from: 0, to: end, sink)
        let isLz4 = archives.last?.codec == .lz4
        let padding = (alignment - end % alignment) % alignment + (isLz4 ? alignment : 0)
        try sink.writeZeros(padding)
    }

    /// A boot configuration has to stay at the very end.
    private static func copyTail(
        _ base: FilePath, _ image: InitramfsImage, to sink: CountingSink
    ) throws(InitramfsError) {
        guard let tail = tail(image) else { return try sink.finish() }
        // The tool that wrote it made the whole a multiple of 4.
        try sink.writeZeros(
            (alignment + tail.offset % alignment - sink.count % alignment) % alignment)
        try copy(base, from: tail.offset, to: image.length, sink)
        try sink.finish()
    }

    private static func tail(_ image: InitramfsImage) -> InitramfsSegment? {
        image.segments.last { $0.codec == .bootconfig }
    }

    private static func copy(
        _ base: FilePath, from start: Int, to end: Int, _ sink: CountingSink
    ) throws(InitramfsError) {
        let descriptor = base.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw .hostFileUnreadable(base, reason: Errno(rawValue: errno).description)
        }
        defer { close(descriptor) }
        lseek(descriptor, start, SEEK_SET)
        do throws(ReadFailure) {
            let copied = try sink.copy(from: descriptor, count: end - start)
            if copied < end - start { throw ReadFailure.sink(.hostFileChanged(base)) }
        } catch {
            switch error {
            case .sink(let error): throw error
            case .source(let code): throw .hostFileUnreadable(base, reason: code.description)
            }
        }
    }
}

extension ImageOverlay {
    var display: String {
        switch self {
        case .folder(let folder): folder.string
        case .placed(let host, _): host.string
        }
    }
}

/// Counts what goes into another sink, which it does not end.
final class CountingSink: ImageSink {
    private let inner: any ImageSink
    private(set) var count = 0

    init(_ inner: any ImageSink) { self.inner = inner }

    func write(_ bytes: UnsafeRawBufferPointer) throws(InitramfsError) {
        try inner.write(bytes)
        count += bytes.count
    }

    func writeZeros(_ number: Int) throws(InitramfsError) {
        let zeros = OutputBuffer(8)
        zeros.bytes.initializeMemory(as: UInt8.self, repeating: 0)
        try write(zeros.prefix(min(number, 8)))
    }

    func copy(from descriptor: Int32, count: Int) throws(ReadFailure) -> Int {
        let copied = try inner.copy(from: descriptor, count: count)
        self.count += copied
        return copied
    }

    func finish() throws(InitramfsError) {}
}
