import CBzip2

/// One bzip2 stream.
final class Bzip2Encoder: SegmentEncoder {
    private var stream = bz_stream()
    private let buffer = OutputBuffer(128 << 10)

    init?(level: Int) {
        // 0: quiet; 0: the library's own measure of repetition.
        guard BZ2_bzCompressInit(&stream, Int32(level), 0, 0) == BZ_OK else { return nil }
    }

    deinit { BZ2_bzCompressEnd(&stream) }

    func encode(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, _ output: EncoderOutput
    ) throws(InitramfsError) -> Bool {
        stream.next_in = UnsafeMutablePointer(
            mutating: bytes.baseAddress?.assumingMemoryBound(to: CChar.self))
        stream.avail_in = UInt32(bytes.count)
        if !isLast, bytes.isEmpty { return true }
        while true {
            stream.next_out = buffer.bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            stream.avail_out = UInt32(buffer.bytes.count)
            let status = BZ2_bzCompress(&stream, isLast ? BZ_FINISH : BZ_RUN)
            guard status == BZ_RUN_OK || status == BZ_FINISH_OK || status == BZ_STREAM_END else {
                return false
            }
            try output(buffer.prefix(buffer.bytes.count - Int(stream.avail_out)))
            if isLast ? status == BZ_STREAM_END : stream.avail_in == 0 { return true }
        }
    }
}
