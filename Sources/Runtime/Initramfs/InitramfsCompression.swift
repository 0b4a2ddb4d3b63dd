import Glibc
import SystemPackage

/// How an image is compressed when it is written.
///
/// None is the default: for an image that is built and booted at once, unpacking costs more
/// than reading does. What is written is always the form that the kernel takes.
public struct InitramfsCompression: Sendable, Equatable {
    /// The codecs that can be written.
    public static let codecs: [InitramfsCodec] = [
        .none, .zstd, .gzip, .xz, .lz4, .lzo, .bzip2, .lzma,
    ]

    /// Which codec.
    public let codec: InitramfsCodec
    /// The codec's own level.
    public let level: Int

    /// Bytes as they are.
    public static let none = InitramfsCompression(codec: .none, level: 0)

    private init(codec: InitramfsCodec, level: Int) {
        self.codec = codec
        self.level = level
    }

    /// Takes a name such as "zstd", and a level within what the codec has.
    ///
    /// - Parameter level: the codec's usual one where nil: gzip 9, zstd 3, xz and
    ///   lzma 6, lz4 9, lzo 9, bzip2 9.
    public init(_ name: String, level: Int? = nil) throws(InitramfsError) {
        guard let codec = Self.codecs.first(where: { $0.rawValue == name }) else {
            throw .unknownCodec(name, near: nearest(to: name, among: Self.codecs.map(\.rawValue)))
        }
        let (range, usual) = Self.levels(codec)
        let chosen = level ?? usual
        guard range.contains(chosen) else {
            throw .badLevel(name, chosen, least: range.lowerBound, most: range.upperBound)
        }
        self.init(codec: codec, level: chosen)
    }

    private static func levels(_ codec: InitramfsCodec) -> (ClosedRange<Int>, Int) {
        switch codec {
        case .gzip, .bzip2, .lzo: (1...9, 9)
        // From level 20 on the window outgrows what a guest has memory for.
        case .zstd: (1...19, 3)
        case .xz, .lzma: (0...9, 6)
        case .lz4: (1...12, 9)
        default: (0...0, 0)
        }
    }

    /// Plain bytes of one of the parts that are compressed side by side; nil where the library
    /// itself uses all processors, within one stream.
    ///
    /// Small enough for a small image to have several, large enough not to cost a percent.
    var partSize: Int? {
        switch codec {
        case .gzip, .lzo: 2 << 20
        case .lz4, .bzip2: 4 << 20
        case .lzma: 8 << 20
        case .none, .zstd, .xz, .bootconfig: nil
        }
    }

    /// A new encoder; nil where nothing is to be done or memory is short.
    func makeEncoder(threads: Int) -> (any SegmentEncoder)? {
        switch codec {
        case .gzip: GzipEncoder(level: level)
        case .zstd: ZstdEncoder(level: level, threads: threads)
        case .xz: XzEncoder(level: level, threads: threads)
        case .lz4: Lz4Encoder(level: level)
        case .lzo: LzopEncoder(level: level)
        case .bzip2: Bzip2Encoder(level: level)
        case .lzma: XzEncoder(lzmaLevel: level)
        default: nil
        }
    }
}

/// Takes compressed bytes.
typealias EncoderOutput = (UnsafeRawBufferPointer) throws(InitramfsError) -> Void

/// Compresses one stream.
protocol SegmentEncoder: AnyObject {
    /// Compresses all of `bytes`; the last call ends the stream.
    ///
    /// - Returns: false where the library fails, which means that memory is short.
    func encode(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, _ output: EncoderOutput
    ) throws(InitramfsError) -> Bool
}

/// Compresses everything on its way to another sink, as one stream.
final class CompressingSink: ImageSink {
    private let inner: any ImageSink
    private let encoder: any SegmentEncoder
    private let chunk = UnsafeMutableRawBufferPointer.allocate(
        byteCount: imageChunkSize, alignment: 64)

    init(_ encoder: any SegmentEncoder, to inner: any ImageSink) {
        self.encoder = encoder
        self.inner = inner
    }

    deinit { chunk.deallocate() }

    func write(_ bytes: UnsafeRawBufferPointer) throws(InitramfsError) {
        try encode(bytes, isLast: false)
    }

    func copy(from source: Int32, count: Int) throws(ReadFailure) -> Int {
        var done = 0
        while done < count {
            let got = read(source, chunk.baseAddress, min(chunk.count, count - done))
            if got == 0 { break }
            if got < 0 {
                if errno == EINTR { continue }
                throw .source(Errno(rawValue: errno))
            }
            do throws(InitramfsError) {
                try encode(UnsafeRawBufferPointer(rebasing: chunk[..<got]), isLast: false)
            } catch {
                throw .sink(error)
            }
            done += got
        }
        return done
    }

    func finish() throws(InitramfsError) {
        try encode(UnsafeRawBufferPointer(start: nil, count: 0), isLast: true)
        try inner.finish()
    }

    private func encode(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool
    ) throws(InitramfsError) {
        let worked = try encoder.encode(bytes, isLast: isLast) {
            compressed throws(InitramfsError) in
            if !compressed.isEmpty { try inner.write(compressed) }
        }
        if !worked { throw .compressorFailed }
    }
}
