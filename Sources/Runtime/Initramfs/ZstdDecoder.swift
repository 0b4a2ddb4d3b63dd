import CZstd

/// One zstd frame, with the window that `lib/decompress_unzstd.c` can find memory for.
enum ZstdDecoder {
    /// 128 MiB, the window of `zstd --long=27`: a larger one fails in an ordinary guest.
    private static let largestWindowLog: Int32 = 27

    static func decode(
        _ input: ImageInput, _ output: DecoderOutput
    ) throws(InitramfsError) -> DecoderEnd {
        guard let stream = ZSTD_createDStream() else { return .failed("out of memory") }
        defer { ZSTD_freeDStream(stream) }
        ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, largestWindowLog)
        let buffer = OutputBuffer(ZSTD_DStreamOutSize())
        while true {
            let window = try input.peek()
            var source = ZSTD_inBuffer(src: window.baseAddress, size: window.count, pos: 0)
            var target = ZSTD_outBuffer(
                dst: buffer.bytes.baseAddress, size: buffer.bytes.count, pos: 0)
            let status = ZSTD_decompressStream(stream, &target, &source)
            if ZSTD_isError(status) != 0 { return failure(ZSTD_getErrorCode(status)) }
            input.advance(source.pos)
            if target.pos > 0, !output(buffer.prefix(target.pos)) { return .done }
            if status == 0 { return .done }
            // What was unpacked and did not fit this piece is lost, as in the kernel, whose pieces
            // are as large (`ZSTD_IOBUF_SIZE`).
            if input.remaining == 0 {
                return .failed("ZSTD-compressed data is truncated")
            }
        }
    }

    private static func failure(_ code: ZSTD_ErrorCode) -> DecoderEnd {
        guard code == ZSTD_error_frameParameter_windowTooLarge else {
            return .failed("ZSTD-compressed data is corrupt")
        }
        return DecoderEnd(
            message: "Out of memory while allocating ZSTD_DStream",
            findings: [
                (
                    .error,
                    "the zstd window is larger than 128 MiB: compress with at most "
                        + "`--long=27`"
                )
            ])
    }
}
