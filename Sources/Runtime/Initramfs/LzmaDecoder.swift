import CLzma

/// The stream of the old lzma program, unpacked to the point where `lib/decompress_unlzma.c` ends.
enum LzmaDecoder {
    /// Of lzma, at least: a match of an impossible distance, and what flushes the range coder.
    private static let endMarkSize = 5

    /// `lib/decompress_unlzma.c` hands on what it unpacked when its dictionary is full, and at the
    /// end: where it meets an error, what is in the dictionary is lost.
    static func decode(
        _ input: ImageInput, _ output: DecoderOutput
    ) throws(InitramfsError) -> DecoderEnd {
        var stream = lzma_stream()
        guard lzma_alone_decoder(&stream, XzDecoder.memoryLimit) == LZMA_OK else {
            return .failed("out of memory")
        }
        defer { lzma_end(&stream) }
        guard let (dictionary, size) = try start(input, &stream) else {
            return .failed("unexpected EOF")
        }
        // The kernel takes it for 1 byte, in which nothing can be looked back at.
        if dictionary == 0 { return .failed("LZMA data is corrupt") }
        // The most that a guest, and qsh, may be asked to hold back.
        let buffer = OutputBuffer(min(max(dictionary, 4096), 64 << 20))
        var filled = 0
        var left = size
        while true {
            let window = try input.peek()
            let space = Int(min(UInt64(buffer.bytes.count - filled), left))
            stream.next_in = window.base
            stream.avail_in = window.count
            stream.next_out = buffer.base?.advanced(by: filled)
            stream.avail_out = space
            let status = lzma_code(&stream, LZMA_RUN)
            input.advance(window.count - stream.avail_in)
            filled += space - stream.avail_out
            left -= UInt64(space - stream.avail_out)
            var isOver = status == LZMA_STREAM_END || left == 0
            if status != LZMA_OK, window.isEmpty, !isOver { isOver = endsWithOneMoreByte(&stream) }
            if isOver {
                if filled > 0 { _ = output(buffer.prefix(filled)) }
                // Where the plain size ends it, an end mark is left for whoever reads on.
                if left == 0, status == LZMA_STREAM_END {
                    input.move(to: input.position - Self.endMarkSize)
                }
                return .done
            }
            guard status == LZMA_OK else {
                return .failed(window.isEmpty ? "unexpected EOF" : "LZMA data is corrupt")
            }
            if filled == buffer.bytes.count {
                if !output(buffer.prefix(filled)) { return .done }
                filled = 0
            }
        }
    }

    /// Reads the header: a byte of properties, the dictionary's size and that of the plain data.
    ///
    /// The kernel ends at the plain size or at an end mark, whichever comes first; liblzma wants
    /// both to agree, and so is not told the size.
    ///
    /// - Returns: nil where the image ends within it.
    private static func start(
        _ input: ImageInput, _ stream: inout lzma_stream
    ) throws(InitramfsError) -> (dictionary: Int, size: UInt64)? {
        let window = try input.peek(14)
        guard window.count >= 14 else { return nil }
        let low = UInt64(window.littleEndian32(at: 5))
        let size = low | UInt64(window.littleEndian32(at: 9)) << 32
        let dictionary = Int(window.littleEndian32(at: 1))
        // The range coder's first byte is 0, which liblzma checks and the kernel does not.
        let header = Array(window.prefix(5)) + [UInt8](repeating: 0xff, count: 8) + [0]
        input.advance(header.count)
        var spare: UInt8 = 0
        return header.withUnsafeBytes { header in
            withUnsafeMutablePointer(to: &spare) { spare in
                stream.next_in = header.base
                stream.avail_in = header.count
                // It reads nothing where it has no room, and needs more than this to write.
                stream.next_out = spare
                stream.avail_out = 1
                // What is wrong with it shows at the next call.
                _ = lzma_code(&stream, LZMA_RUN)
                return (dictionary, size)
            }
        }
    }

    /// The kernel does not read a stream's last byte, which liblzma wants to see.
    private static func endsWithOneMoreByte(_ stream: inout lzma_stream) -> Bool {
        var byte: UInt8 = 0
        var spare: UInt8 = 0
        return withUnsafePointer(to: &byte) { byte in
            withUnsafeMutablePointer(to: &spare) { spare in
                stream.next_in = byte
                stream.avail_in = 1
                stream.next_out = spare
                stream.avail_out = 1
                return lzma_code(&stream, LZMA_RUN) == LZMA_STREAM_END && stream.avail_out == 1
            }
        }
    }
}
