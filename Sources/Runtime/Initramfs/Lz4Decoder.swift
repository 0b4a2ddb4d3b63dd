import CLz4

/// The legacy lz4 frame, the only one that `lib/decompress_unlz4.c` takes: blocks of 8 MiB until
/// a zero or the end of the image. Whatever else follows is taken for a block's length.
enum Lz4Decoder {
    private static let magic: UInt32 = 0x184c_2102
    private static let blockSize = 8 << 20
    private static let pageSize = 4096

    static func decode(
        _ input: ImageInput, _ output: DecoderOutput
    ) throws(InitramfsError) -> DecoderEnd {
        let head = try input.peek(4)
        guard head.count >= 4, head.littleEndian32(at: 0) == magic else {
            return .failed("invalid header")
        }
        input.advance(4)
        let largest = Int(LZ4_compressBound(Int32(blockSize)))
        var buffer: OutputBuffer?
        while true {
            let head = try input.peek(4)
            guard head.count >= 4 else {
                // One to three bytes at the very end are left for the caller's padding rule.
                return .done
            }
            let packed = head.littleEndian32(at: 0)
            if packed == 0 { return .done }
            input.advance(4)
            if packed == magic { continue }
            guard Int(packed) <= largest else { return failed }
            let space = buffer ?? OutputBuffer(blockSize)
            buffer = space
            let block = try input.peek(Int(packed))
            guard let plain = decompress(block, packed: Int(packed), space) else { return failed }
            let isCut = block.count < Int(packed)
            input.advance(min(block.count, Int(packed)))
            if !plain.isEmpty, !output(plain) { return .done }
            if isCut { return DecoderEnd(message: "data corrupted", findings: failed.findings) }
        }
    }

    /// The kernel does not look whether the image ends within a block: it reads on, and finds
    /// zeros, as a boot loader leaves them up to the end of a page.
    private static func decompress(
        _ block: UnsafeRawBufferPointer, packed: Int, _ space: OutputBuffer
    ) -> UnsafeRawBufferPointer? {
        func decompress(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
            let produced = LZ4_decompress_safe(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                space.bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(packed), Int32(blockSize))
            return produced < 0 ? nil : space.prefix(Int(produced))
        }
        if block.count >= packed { return decompress(block) }
        guard packed - block.count < pageSize else { return nil }
        let padded = Array(block) + [UInt8](repeating: 0, count: packed - block.count)
        return padded.withUnsafeBytes(decompress)
    }

    private static let failed = DecoderEnd(
        message: "Decoding failed",
        findings: [
            (
                .error,
                "an lz4 segment is followed by something else, cut short or damaged: the "
                    + "kernel reads on as if it were more lz4, even past the end of the image, "
                    + "unless four NUL bytes come first"
            )
        ])
}
