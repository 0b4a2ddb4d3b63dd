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
            let isOver = status != BZ_OK || produced == 0 && window.isEmpty
            if isOver, try isPastData(input) {
                // The sum of the whole stream, which comes last: nothing is held back any more.
                _ = output(buffer.prefix(filled))
                return .failed("Data integrity error when decompressing.")
            }
            if isOver {
                _ = output(buffer.prefix(filled / pieceSize * pieceSize))
                return .failed("decompressor failed")
            }
            if filled == buffer.bytes.count {
                if !output(buffer.prefix(filled)) { return .done }
                filled = 0
            }
        }
    }

    /// Whether the end mark of a stream, 48 bits at any bit, has been read, and of the sum behind
    /// it at most all: what fails then is that sum, which the kernel takes for zeros where it is
    /// cut off.
    private static func isPastData(_ input: ImageInput) throws(InitramfsError) -> Bool {
        // The mark, the sum, and the bits that fill up the last byte.
        let count = min(6 + 4 + 1, input.position)
        let tail = try input.bytes(at: input.position - count, count: count)
        var window: UInt64 = 0
        for byte in tail {
            for shift in (0..<8).reversed() {
                window = (window << 1 | UInt64(byte >> shift & 1)) & 0xffff_ffff_ffff
                if window == endMark { return true }
            }
        }
        return false
    }

    /// The digits of the square root of pi, in BCD.
    private static let endMark: UInt64 = 0x1772_4538_5090
}
