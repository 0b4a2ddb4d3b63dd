import CZlib

/// gzip as `lib/decompress_inflate.c` reads it: of the header's optional parts it knows the file
/// name only, it never checks the sums, and it steps over eight footer bytes without looking
/// whether they are there.
enum GzipDecoder {
    private static let footerSize = 8
    private static let nameFlag: UInt8 = 8
    private static let deflateMethod: UInt8 = 8

    static func decode(
        _ input: ImageInput, _ output: DecoderOutput
    ) throws(InitramfsError) -> DecoderEnd {
        var findings: [(InitramfsFinding.Severity, String)] = []
        let start = try input.peek(10)
        guard start.count >= 10, start[2] == deflateMethod else {
            return .failed("Not a gzip file")
        }
        guard let flags = try skipHeader(input) else { return .failed("header error") }
        // FHCRC, FEXTRA and FCOMMENT of RFC 1952; FTEXT changes nothing.
        if flags & 0b1_0110 != 0 {
            findings.append(
                (
                    .error,
                    "the gzip header has optional parts that the kernel does not "
                        + "parse: write it with `gzip -n`"
                ))
        }
        var stream = z_stream()
        guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return .failed("out of memory") }
        defer { inflateEnd(&stream) }
        let buffer = OutputBuffer(128 << 10)
        var sum: UInt = 0
        var status = Z_OK
        while status == Z_OK {
            let window = try input.peek()
            if window.isEmpty { return DecoderEnd(message: "read error", findings: findings) }
            stream.next_in = UnsafeMutablePointer(mutating: window.base)
            stream.avail_in = UInt32(min(window.count, imageChunkSize))
            stream.next_out = buffer.base
            stream.avail_out = UInt32(buffer.bytes.count)
            let offered = Int(stream.avail_in)
            status = inflate(&stream, Z_NO_FLUSH)
            input.advance(offered - Int(stream.avail_in))
            let produced = buffer.prefix(buffer.bytes.count - Int(stream.avail_out))
            sum = crc32(sum, produced.base, UInt32(produced.count))
            if !produced.isEmpty, !output(produced) {
                return DecoderEnd(message: nil, findings: findings)
            }
        }
        guard status == Z_STREAM_END else {
            return DecoderEnd(message: "uncompression error", findings: findings)
        }
        return try end(
            input, sum: UInt32(truncatingIfNeeded: sum), size: stream.total_out, findings)
    }

    /// - Returns: the flags, or nil where the header is cut.
    private static func skipHeader(_ input: ImageInput) throws(InitramfsError) -> UInt8? {
        let header = try input.peek(10)
        guard header.count >= 10 else { return nil }
        let flags = header[3]
        input.advance(10)
        guard flags & nameFlag != 0 else { return flags }
        while true {
            let window = try input.peek()
            if window.isEmpty { return nil }
            if let end = window.firstIndex(of: 0) {
                input.advance(end + 1)
                return flags
            }
            input.advance(window.count)
        }
    }

    private static func end(
        _ input: ImageInput, sum: UInt32, size: UInt,
        _ findings: [(InitramfsFinding.Severity, String)]
    ) throws(InitramfsError) -> DecoderEnd {
        var result = DecoderEnd(message: nil, findings: findings)
        let footer = try input.peek(footerSize)
        guard footer.count >= footerSize else {
            result.message = "gzip footer missing"
            result.findings.append(
                (
                    .error,
                    "the gzip footer is cut short: the kernel would read "
                        + "past the end of the image and hang at boot"
                ))
            return result
        }
        if footer.littleEndian32(at: 0) != sum
            || footer.littleEndian32(at: 4) != UInt32(truncatingIfNeeded: size)
        {
            result.findings.append(
                (
                    .error,
                    "the gzip checksum does not fit the data: the image is "
                        + "damaged, and the kernel does not check it"
                ))
        }
        input.advance(footerSize)
        return result
    }
}
