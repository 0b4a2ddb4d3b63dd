import CBzip2

/// One bzip2 stream; the kernel's `lib/decompress_bunzip2.c` takes whatever bzip2 writes.
enum Bzip2Decoder {
    static func decode(
        _ input: ImageInput, _ output: DecoderOutput
    ) throws(InitramfsError) -> DecoderEnd {
        var stream = bz_stream()
        guard BZ2_bzDecompressInit(&stream, 0, 0) == BZ_OK else { return .failed("out of memory") }
        defer { BZ2_bzDecompressEnd(&stream) }
        let buffer = OutputBuffer(128 << 10)
        while true {
            let window = try input.peek()
            let offered = min(window.count, imageChunkSize)
            stream.next_in = UnsafeMutablePointer(
                mutating: window.baseAddress?.assumingMemoryBound(to: CChar.self))
            stream.avail_in = UInt32(offered)
            stream.next_out = buffer.bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            stream.avail_out = UInt32(buffer.bytes.count)
            let status = BZ2_bzDecompress(&stream)
            input.advance(offered - Int(stream.avail_in))
            let produced = buffer.bytes.count - Int(stream.avail_out)
            if produced > 0, !output(buffer.prefix(produced)) { return .done }
            if status == BZ_STREAM_END { return .done }
            if status != BZ_OK || produced == 0 && window.isEmpty {
                return .failed("decompressor failed")
            }
        }
    }
}
