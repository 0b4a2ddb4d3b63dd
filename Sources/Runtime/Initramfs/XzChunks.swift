/// The LZMA2 chunks of one xz stream, found by their headers alone: sections 3.1 and 5.3.1 of the
/// .xz file format.
///
/// They tell how far `lib/xz` gets in a stream that is cut or damaged, which is not as far as
/// liblzma does.
struct XzChunks {
    /// Ends of chunks, counted in the unpacked data of the stream, and in the image.
    private var ends: [(unpacked: Int, packed: Int)] = [(0, 0)]
    /// The first chunk that has not been passed.
    private var next = 1
    /// What was unpacked at the end of a chunk that the symbols in it go beyond.
    private var overrun: Int?
    /// Whether the image ends within a compressed chunk.
    private(set) var isCut = false

    /// Where chunks have anything but 0 for the range coder's first byte, which liblzma refuses and
    /// `lib/xz` does not look at.
    private(set) var oddStarts: [Int] = []

    private static let mostHeaders = 1 << 20
    private static let mostOddStarts = 64

    /// Walks the stream at the input's position, without moving it.
    init(_ input: ImageInput) throws(InitramfsError) {
        let check = try input.bytes(at: input.position, count: 12)
        guard check.count >= 12 else { return }
        let checkSize = [0: 0, 1: 4, 4: 8, 10: 32][check[7] & 0x0f] ?? 0
        var position = input.position + 12
        // Blocks follow one another until the index, whose first byte is zero.
        while let size = try input.bytes(at: position, count: 1).first, size != 0 {
            let start = position + (Int(size) + 1) * 4
            guard var end = try walk(input, from: start) else { return }
            end += (4 - (end - start) % 4) % 4
            position = end + checkSize
        }
    }

    /// - Returns: where the chunks of a block end; nil where the image does before.
    private mutating func walk(
        _ input: ImageInput, from start: Int
    ) throws(InitramfsError) -> Int? {
        var position = start
        while ends.count < Self.mostHeaders {
            let head = try input.bytes(at: position, count: 5)
            guard let control = head.first else { return nil }
            if control == 0 { return position + 1 }
            guard head.count == 5 else { return nil }
            let isPlain = control < 0x80
            let low = Int(head[1]) << 8 | Int(head[2])
            let plain = low + 1 + (isPlain ? 0 : Int(control & 0x1f) << 16)
            let packed = isPlain ? plain : (Int(head[3]) << 8 | Int(head[4])) + 1
            // From 0xc0 on a byte of properties follows the sizes.
            position += (isPlain ? 3 : control >= 0xc0 ? 6 : 5) + packed
            ends.append(((ends.last?.unpacked ?? 0) + plain, position))
            if !isPlain, oddStarts.count < Self.mostOddStarts,
                let first = try input.bytes(at: position - packed, count: 1).first, first != 0
            {
                oddStarts.append(position - packed)
            }
            if position > input.end {
                isCut = !isPlain
                return nil
            }
        }
        return nil
    }

    /// Where in the image the chunk ends that is being unpacked.
    var nextEnd: Int { next < ends.count ? ends[next].packed : .max }

    /// Goes on to the next chunk, when all of the present one was read and `count` bytes of the
    /// stream came of it.
    mutating func pass(_ count: Int) {
        if overrun == nil, next < ends.count, count < ends[next].unpacked { overrun = count }
        next += 1
    }

    /// How much of `count` unpacked bytes is handed on when an error is met: whole chunks, and
    /// whole pieces of the size of the kernel's buffer (`XZ_IOBUF_SIZE`).
    ///
    /// Symbols that need more than their chunk are found out after it, and `lib/xz` drops what came
    /// of them.
    func handedOn(of count: Int, pieceSize: Int) -> Int {
        let count = min(count, overrun ?? .max)
        return max(count / pieceSize * pieceSize, ends.last { $0.unpacked <= count }?.unpacked ?? 0)
    }
}

/// What `lib/xz` does not read of a chunk that the image's end cuts.
///
/// A symbol is begun only where 21 bytes follow (`LZMA_IN_REQUIRED`), and is read to its end then.
/// liblzma does not tell where symbols begin: the last one is over when more data comes out.
struct XzTail {
    private static let required = 21

    /// Where in the image it starts, for all that is known yet.
    private(set) var start: Int
    private let end: Int
    private var before: Int?

    init(_ end: Int, isCut: Bool) {
        self.end = end
        start = isCut ? max(0, end - Self.required) : end
    }

    /// All in front of it was read, and `count` bytes came of it.
    mutating func read(_ count: Int) {
        guard start < end, before == nil || before == count else { return }
        before = count
        start += 1
    }
}
