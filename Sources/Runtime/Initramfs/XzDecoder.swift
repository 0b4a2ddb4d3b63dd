import CLzma

/// xz streams. The kernel knows no check but none and CRC32 (`lib/xz`).
enum XzDecoder {
    /// A dictionary of 1.5 GiB, xz's largest, is refused: no guest has room for it.
    static let memoryLimit: UInt64 = 1 << 30
    private static let checkNone: UInt8 = 0
    private static let checkCRC32: UInt8 = 1
    /// `XZ_IOBUF_SIZE`: `lib/decompress_unxz.c` hands on what it unpacked in pieces of this size.
    private static let pieceSize = 4096

    static func decode(
        _ input: ImageInput, _ output: DecoderOutput
    ) throws(InitramfsError) -> DecoderEnd {
        if let refusal = try refusal(input) { return refusal }
        var stream = lzma_stream()
        guard lzma_stream_decoder(&stream, memoryLimit, 0) == LZMA_OK else {
            return .failed("out of memory")
        }
        defer { lzma_end(&stream) }
        var chunks = try XzChunks(input)
        var tail = XzTail(input.end, isCut: chunks.isCut)
        let buffer = OutputBuffer(32 * pieceSize)
        var filled = 0
        var before = 0
        let zero = OutputBuffer(1)
        zero.bytes.initializeMemory(as: UInt8.self, repeating: 0)
        while true {
            let window = try input.peek()
            let next = chunks.nextEnd
            let odd = chunks.oddStarts.first { $0 >= input.position } ?? .max
            let isOdd = odd == input.position
            let stop = min(tail.start, next, isOdd ? odd + 1 : odd)
            let offered = min(window.count, max(0, stop - input.position))
            stream.next_in = isOdd ? zero.prefix(1).base : window.base
            stream.avail_in = offered
            stream.next_out = buffer.base?.advanced(by: filled)
            stream.avail_out = buffer.bytes.count - filled
            let isOver = offered == 0 && input.position != next
            let status = lzma_code(&stream, isOver ? LZMA_FINISH : LZMA_RUN)
            input.advance(offered - stream.avail_in)
            filled = buffer.bytes.count - stream.avail_out
            if stream.avail_out > 0 {
                if input.position == next { chunks.pass(before + filled) }
                if input.position == tail.start { tail.read(before + filled) }
            }
            if status == LZMA_DATA_ERROR {
                let whole = chunks.handedOn(of: before + filled, pieceSize: pieceSize)
                filled = max(0, whole - before)
            }
            if status != LZMA_OK || filled == buffer.bytes.count {
                if filled > 0, !output(buffer.prefix(filled)) { return .done }
                before += filled
                filled = 0
            }
            switch status {
            case LZMA_OK: continue
            case LZMA_STREAM_END: return .done
            case LZMA_MEMLIMIT_ERROR:
                return .failed("the dictionary is too large: more than 1 GiB of memory needed")
            case LZMA_OPTIONS_ERROR: return unsupported("a filter")
            default: return .failed("XZ-compressed data is corrupt")
            }
        }
    }

    private static func refusal(_ input: ImageInput) throws(InitramfsError) -> DecoderEnd? {
        if let refused = try refusedCheck(input) { return refused }
        return try refusedFilter(input)
    }

    /// The check's number is in the second byte after the six of the magic.
    private static func refusedCheck(_ input: ImageInput) throws(InitramfsError) -> DecoderEnd? {
        let header = try input.peek(12)
        guard header.count >= 12 else { return .failed("XZ-compressed data is corrupt") }
        let check = header[7] & 0x0f
        if check == checkNone || check == checkCRC32 { return nil }
        let names: [UInt8: String] = [4: "CRC64", 10: "SHA-256"]
        return unsupported("check \(names[check] ?? "number \(check)")")
    }

    /// The kernel takes LZMA2, alone or behind one branch filter without a start offset
    /// (`dec_block_header` in `lib/xz/xz_dec_stream.c`); of those, Debian's x86 kernels are built
    /// with x86's only. A block's header is laid out in section 3.1 of the .xz file format.
    private static func refusedFilter(_ input: ImageInput) throws(InitramfsError) -> DecoderEnd? {
        let head = try input.peek(12 + 64)
        // A block header's size is 0 where the index follows at once: an empty stream.
        guard head.count > 14, head[12] != 0 else { return nil }
        let flags = head[13]
        var position = 14
        func skipNumber() {
            while position < head.count, head[position] & 0x80 != 0 { position += 1 }
            position += 1
        }
        if flags & 0x40 != 0 { skipNumber() }
        if flags & 0x80 != 0 { skipNumber() }
        guard position + 1 < head.count else { return nil }
        let first = head[position]
        switch (flags & 0x03, first) {
        case (0, _): return nil
        case (1, x86Filter): return head[position + 1] == 0 ? nil : unsupported("an offset")
        case (1, _): return unsupported(filterNames[first] ?? "filter number \(first)")
        default: return unsupported("\(flags & 0x03 + 1) filters")
        }
    }

    private static let x86Filter: UInt8 = 0x04
    private static let filterNames: [UInt8: String] = [
        0x03: "the delta filter", 0x05: "the PowerPC filter", 0x06: "the IA-64 filter",
        0x07: "the ARM filter", 0x08: "the ARM-Thumb filter", 0x09: "the SPARC filter",
        0x0a: "the ARM64 filter", 0x0b: "the RISC-V filter",
    ]

    private static func unsupported(_ what: String) -> DecoderEnd {
        DecoderEnd(
            message: "Input was encoded with settings that are not supported by this XZ decoder",
            findings: [
                (
                    .error,
                    "the xz stream uses \(what), which the kernel refuses: compress "
                        + "with `xz --check=crc32`"
                )
            ])
    }
}
