import CLzo
import CZlib

/// The lzop container: a header, then blocks of 256 KiB, the most that the kernel takes, each with
/// the Adler-32 sum of its plain bytes, which `lib/decompress_unlzo.c` expects to be there.
final class LzopEncoder: SegmentEncoder {
    private static let magic: [UInt8] = [0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a]
    private static let blockSize = 256 << 10
    /// From this level on the slow method is used, as lzop does.
    private static let slowLevel = 7
    /// Memory that the methods work in: `LZO1X_1_MEM_COMPRESS` and `LZO1X_999_MEM_COMPRESS`.
    private static let workSize = 14 * 16_384 * 8
    private static let sumFlag: UInt32 = 1
    /// `F_OS_UNIX` of lzop.
    private static let unixFlag: UInt32 = 0x0300_0000

    private let level: Int
    private var block = EncoderBlock(size: blockSize)
    /// The worst growth, by the library's own formula.
    private let packed = OutputBuffer(blockSize + blockSize / 16 + 64 + 3)
    private let work = OutputBuffer(workSize)
    private var started = false

    init(level: Int) { self.level = level }

    func encode(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, _ output: EncoderOutput
    ) throws(InitramfsError) -> Bool {
        if !started { try Self.put(header, output) }
        started = true
        let isPacked = try block.take(bytes, isLast: isLast) { block throws(InitramfsError) in
            try pack(block, output)
        }
        guard isPacked, isLast else { return isPacked }
        try Self.put(Self.bigEndian(0), output)
        return true
    }

    /// Versions of the container, of the library and of what is needed to unpack; method, level,
    /// flags, mode, two halves of a time, no name, and the sum of all that.
    private var header: [UInt8] {
        let method: UInt8 = level < Self.slowLevel ? 1 : 3
        var fields: [UInt8] = [0x10, 0x30, 0x20, 0xa0, 0x09, 0x40, method, UInt8(level)]
        fields += Self.bigEndian(Self.sumFlag | Self.unixFlag)
        fields += Self.bigEndian(0) + Self.bigEndian(0) + Self.bigEndian(0) + [0]
        return Self.magic + fields + Self.bigEndian(fields.withUnsafeBytes(Self.sum))
    }

    private func pack(
        _ plain: UnsafeRawBufferPointer, _ output: EncoderOutput
    ) throws(InitramfsError) -> Bool {
        var size = UInt(packed.bytes.count)
        let status =
            level < Self.slowLevel
            ? lzo1x_1_compress(plain.base, UInt(plain.count), packed.base, &size, work.base)
            : lzo1x_999_compress_level(
                plain.base, UInt(plain.count), packed.base, &size, work.base, nil, 0, nil,
                Int32(level))
        guard status == LZO_E_OK else { return false }
        // What does not shrink is stored as it is.
        let stored = size >= UInt(plain.count) ? plain : packed.prefix(Int(size))
        let head =
            Self.bigEndian(UInt32(plain.count)) + Self.bigEndian(UInt32(stored.count))
            + Self.bigEndian(Self.sum(plain))
        try Self.put(head, output)
        try output(stored)
        return true
    }

    private static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(truncatingIfNeeded: adler32(1, bytes.base, UInt32(bytes.count)))
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    private static func put(_ bytes: [UInt8], _ output: EncoderOutput) throws(InitramfsError) {
        let buffer = OutputBuffer(bytes.count)
        buffer.bytes.copyBytes(from: bytes)
        try output(buffer.prefix(bytes.count))
    }
}
