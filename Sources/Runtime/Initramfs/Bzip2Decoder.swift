import CBzip2

/// One bzip2 stream; the kernel's `lib/decompress_bunzip2.c` takes whatever bzip2 writes.
enum Bzip2Decoder {
    /// The kernel hands on what it unpacked in pieces of this size (`BZIP2_IOBUF_SIZE`); where it
    /// meets an error, the piece that is not full is lost.
    private static let pieceSize = 4096

    static func decode(
        _ input: ImageInput, _ output: DecoderOutput
    ) throws(InitramfsError) -> DecoderEnd {
        var stream = bz_stream()
        guard BZ2_bzDecompressInit(&stream, 0, 0) == BZ_OK else { return .failed("out of memory") }
        defer { BZ2_bzDecompressEnd(&stream) }
        let buffer = OutputBuffer(32 * pieceSize)
        var filled = 0
        while true {
            let window = try input.peek()
            let offered = min(window.count, imageChunkSize)
            let space = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[filled...])
            stream.next_in = UnsafeMutablePointer(
                mutating: window.baseAddress?.assumingMemoryBound(to: CChar.self))
            stream.avail_in = UInt32(offered)
            stream.next_out = space.baseAddress?.assumingMemoryBound(to: CChar.self)
            stream.avail_out = UInt32(space.count)
            let status = BZ2_bzDecompress(&stream)
            input.advance(offered - Int(stream.avail_in))
            let produced = space.count - Int(stream.avail_out)
            filled += produced
            if status == BZ_STREAM_END {
                if filled > 0 { _ = output(buffer.prefix(filled)) }
                return .done
            }
            if status == BZ_DATA_ERROR, input.remaining == 0 {
                // The sum of the whole stream, which comes last: nothing is held back any more.
                _ = output(buffer.prefix(filled))
                return .failed("Data integrity error when decompressing.")
            }
            if status != BZ_OK || produced == 0 && window.isEmpty {
                _ = output(buffer.prefix(filled / pieceSize * pieceSize))
                return .failed("decompressor failed")
            }
            if filled == buffer.bytes.count {
                if !output(buffer.prefix(filled)) { return .done }
                filled = 0
            }
        }
    }
}
