import CLzo

/// The lzop container as `lib/decompress_unlzo.c` reads it: blocks of at most 256 KiB, sums
/// stepped over unchecked.
enum LzopDecoder {
    private static let magic: [UInt8] = [0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a]
    private static let blockSize = 256 << 10
    private static let filterFlag: UInt32 = 0x800
    private static let wideVersion = 0x0940

    static func decode(
        _ input: ImageInput, _ output: DecoderOutput
    ) throws(InitramfsError) -> DecoderEnd {
        guard try skipHeader(input) else { return .failed("invalid header") }
        let buffer = OutputBuffer(blockSize)
        while true {
            let head = try input.peek(12)
            guard head.count >= 4 else { return .failed("file corrupted") }
            let size = Int(head.bigEndian32(at: 0))
            if size == 0 {
                input.advance(4)
                return .done
            }
            if size > blockSize { return .failed("dest len longer than block size") }
            guard head.count >= 12 else { return .failed("file corrupted") }
            let packed = Int(head.bigEndian32(at: 4))
            guard packed > 0, packed <= size else { return .failed("file corrupted") }
            input.advance(12)
            let block = try input.peek(packed)
            guard block.count >= packed else { return .failed("file corrupted") }
            let data = UnsafeRawBufferPointer(rebasing: block[..<packed])
            guard let plain = decompress(data, size, buffer) else {
                return .failed("Compressed data violation")
            }
            let goOn = output(plain)
            input.advance(packed)
            if !goOn { return .done }
        }
    }

    private static func decompress(
        _ packed: UnsafeRawBufferPointer, _ size: Int, _ buffer: OutputBuffer
    ) -> UnsafeRawBufferPointer? {
        if packed.count == size { return packed }
        var produced = UInt(size)
        let status = lzo1x_decompress_safe(
            packed.base, UInt(packed.count), buffer.base, &produced, nil)
        return status == LZO_E_OK && produced == UInt(size) ? buffer.prefix(size) : nil
    }

    /// Magic, versions, method, level, flags, mode, times, name, header sum.
    private static func skipHeader(_ input: ImageInput) throws(InitramfsError) -> Bool {
        let header = try input.peek(512)
        guard header.count > 26, header.starts(with: magic) else { return false }
        let version = Int(header[9]) << 8 | Int(header[10])
        var at = 16 + (version >= wideVersion ? 1 : 0)
        at += header.bigEndian32(at: at) & filterFlag != 0 ? 8 : 4
        at += version >= wideVersion ? 12 : 8
        guard header.count > at else { return false }
        at += 1 + Int(header[at]) + 4
        guard header.count >= at else { return false }
        input.advance(at)
        return true
    }
}
