import CLz4
import CLzma
import CZlib
import CZstd

/// gzip without name and time, so that the same data gives the same bytes.
final class GzipEncoder: SegmentEncoder {
    private var stream = z_stream()
    private let buffer = OutputBuffer(128 << 10)

    init?(level: Int) {
        // 15 + 16: the largest window, with a gzip header.
        guard
            deflateInit2_(
                &stream, Int32(level), Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY,
                ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
    }

    deinit { deflateEnd(&stream) }

    func encode(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, _ output: EncoderOutput
    ) throws(InitramfsError) -> Bool {
        stream.next_in = UnsafeMutablePointer(mutating: bytes.base)
        stream.avail_in = UInt32(bytes.count)
        while true {
            stream.next_out = buffer.base
            stream.avail_out = UInt32(buffer.bytes.count)
            let status = deflate(&stream, isLast ? Z_FINISH : Z_NO_FLUSH)
            guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
                return false
            }
            try output(buffer.prefix(buffer.bytes.count - Int(stream.avail_out)))
            if isLast ? status == Z_STREAM_END : stream.avail_out > 0 { return true }
        }
    }
}

/// One zstd frame with a checksum. Its bytes do not depend on the number of threads: the library
/// cuts its jobs by size.
final class ZstdEncoder: SegmentEncoder {
    private let stream: OpaquePointer
    private let buffer = OutputBuffer(ZSTD_CStreamOutSize())

    init?(level: Int, threads: Int) {
        guard let made = ZSTD_createCCtx() else { return nil }
        stream = made
        ZSTD_CCtx_setParameter(stream, ZSTD_c_compressionLevel, Int32(level))
        ZSTD_CCtx_setParameter(stream, ZSTD_c_checksumFlag, 1)
        // Refused by a library that was built without threads, which then works alone.
        ZSTD_CCtx_setParameter(stream, ZSTD_c_nbWorkers, Int32(max(1, threads)))
    }

    deinit { ZSTD_freeCCtx(stream) }

    func encode(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, _ output: EncoderOutput
    ) throws(InitramfsError) -> Bool {
        var source = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while true {
            var target = ZSTD_outBuffer(
                dst: buffer.bytes.baseAddress, size: buffer.bytes.count, pos: 0)
            let left = ZSTD_compressStream2(
                stream, &target, &source, isLast ? ZSTD_e_end : ZSTD_e_continue)
            if ZSTD_isError(left) != 0 { return false }
            try output(buffer.prefix(target.pos))
            if isLast ? left == 0 : source.pos == source.size { return true }
        }
    }
}

/// One xz stream of several blocks with CRC32, the only check that the kernel knows, or one lzma
/// stream with the usual settings, by which the kernel knows it. The bytes do not depend on the
/// number of threads either.
final class XzEncoder: SegmentEncoder {
    /// Smaller than the library's own, so that a small image keeps all processors busy.
    private static let blockSize: UInt64 = 8 << 20

    private var stream = lzma_stream()
    private let buffer = OutputBuffer(128 << 10)

    init?(level: Int, threads: Int) {
        var options = lzma_mt()
        options.threads = UInt32(max(1, threads))
        options.preset = UInt32(level)
        options.block_size = Self.blockSize
        options.check = LZMA_CHECK_CRC32
        guard lzma_stream_encoder_mt(&stream, &options) == LZMA_OK else { return nil }
    }

    init?(lzmaLevel level: Int) {
        var options = lzma_options_lzma()
        guard lzma_lzma_preset(&options, UInt32(level)) == 0,
            lzma_alone_encoder(&stream, &options) == LZMA_OK
        else { return nil }
    }

    deinit { lzma_end(&stream) }

    func encode(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, _ output: EncoderOutput
    ) throws(InitramfsError) -> Bool {
        if !isLast, bytes.isEmpty { return true }
        stream.next_in = bytes.base
        stream.avail_in = bytes.count
        while true {
            stream.next_out = buffer.base
            stream.avail_out = buffer.bytes.count
            let status = lzma_code(&stream, isLast ? LZMA_FINISH : LZMA_RUN)
            guard status == LZMA_OK || status == LZMA_STREAM_END else { return false }
            try output(buffer.prefix(buffer.bytes.count - stream.avail_out))
            if isLast ? status == LZMA_STREAM_END : stream.avail_in == 0 { return true }
        }
    }
}

/// The legacy lz4 frame: a magic number, then blocks of 8 MiB, each behind its packed length.
final class Lz4Encoder: SegmentEncoder {
    private static let blockSize = 8 << 20
    private let level: Int32
    private let packed = OutputBuffer(Int(LZ4_compressBound(Int32(blockSize))))
    private var block = EncoderBlock(size: blockSize)
    private var started = false

    init(level: Int) { self.level = Int32(level) }

    func encode(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, _ output: EncoderOutput
    ) throws(InitramfsError) -> Bool {
        if !started { try put(0x184c_2102, output) }
        started = true
        return try block.take(bytes, isLast: isLast) { block throws(InitramfsError) in
            try pack(block, output)
        }
    }

    private func pack(
        _ plain: UnsafeRawBufferPointer, _ output: EncoderOutput
    ) throws(InitramfsError) -> Bool {
        let size = LZ4_compress_HC(
            plain.baseAddress?.assumingMemoryBound(to: CChar.self),
            packed.bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
            Int32(plain.count), Int32(packed.bytes.count), level)
        guard size > 0 else { return false }
        try put(UInt32(size), output)
        try output(packed.prefix(Int(size)))
        return true
    }

    private func put(_ number: UInt32, _ output: EncoderOutput) throws(InitramfsError) {
        let bytes = OutputBuffer(4)
        bytes.bytes.storeBytes(of: number.littleEndian, as: UInt32.self)
        try output(bytes.prefix(4))
    }
}
