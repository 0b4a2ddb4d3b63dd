/// How a decoder ended.
struct DecoderEnd {
    /// What the kernel would print and stop for; nil where the stream ended well.
    var message: String?
    /// What else is worth saying.
    var findings: [(InitramfsFinding.Severity, String)] = []

    static let done = DecoderEnd()

    static func failed(_ message: String) -> DecoderEnd { DecoderEnd(message: message) }
}

/// Takes decompressed bytes; false ends the decoding.
typealias DecoderOutput = (UnsafeRawBufferPointer) -> Bool

extension InitramfsCodec {
    /// Decompresses one stream, leaving `input` where the kernel would go on.
    ///
    /// Output comes in pieces of bounded size, and as much of it as the kernel would get before
    /// it meets an error.
    func decode(
        _ input: ImageInput, _ output: DecoderOutput
    ) throws(InitramfsError) -> DecoderEnd {
        switch self {
        case .gzip: try GzipDecoder.decode(input, output)
        case .bzip2: try Bzip2Decoder.decode(input, output)
        case .xz: try XzDecoder.decode(input, output)
        case .lzma: try LzmaDecoder.decode(input, output)
        case .lzo: try LzopDecoder.decode(input, output)
        case .lz4: try Lz4Decoder.decode(input, output)
        case .zstd: try ZstdDecoder.decode(input, output)
        case .none, .bootconfig: .done
        }
    }
}

/// A buffer for decompressed bytes, freed with its owner.
final class OutputBuffer {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ size: Int) { bytes = .allocate(byteCount: size, alignment: 64) }

    deinit { bytes.deallocate() }

    /// The first `count` bytes.
    func prefix(_ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[..<count])
    }

    /// The start, for C.
    var base: UnsafeMutablePointer<UInt8>? {
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }
}

extension UnsafeRawBufferPointer {
    /// The start as C libraries want it.
    var base: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}
