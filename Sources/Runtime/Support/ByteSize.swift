/// An amount of memory or disk, read and written the way QEMU's `-m` and `qemu-img` do.
public struct ByteSize: Sendable, Hashable, Comparable {
    /// The amount in bytes.
    public let bytes: UInt64

    /// What ``init(_:)`` takes, for messages: ``option `memory` expects \(ByteSize.expected)``.
    public static let expected = #"a size like "256M""#

    /// Makes an amount of bytes.
    public init(bytes: UInt64) { self.bytes = bytes }

    /// Reads `"256M"`, `"1G"`, `"1.5G"`, `"512 MiB"` or `"1024"`.
    ///
    /// Suffixes are powers of 1024 in either case: `B K M G T`, each also as `KB` and `KiB`. A bare
    /// number counts MiB, as after QEMU's `-m`.
    ///
    /// - Returns: nil where the text is no size, is zero, or does not fit in 63 bits.
    public init?(_ text: String) {
        let trimmed = text.drop { $0 == " " }
        let digits = trimmed.prefix { ("0"..."9").contains($0) || $0 == "." }
        let suffix = trimmed.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        guard digits.first != ".", digits.last != ".", let number = Double(digits),
            let shift = Self.shifts[suffix]
        else { return nil }
        self.init(number * Double(1 << shift))
    }

    /// Takes a number of MiB, whole or not, as QEMU's `-m 1024` does.
    ///
    /// - Returns: nil where it is not a positive number or does not fit in 63 bits.
    public init?(mebibytes: Double) {
        self.init(mebibytes * 1_048_576)
    }

    private init?(_ bytes: Double) {
        guard bytes >= 1, bytes < 9.2e18 else { return nil }
        self.bytes = UInt64(bytes)
    }

    private static let shifts: [String: Int] = {
        var table = ["": 20, "b": 0]
        for (letter, shift) in [("k", 10), ("m", 20), ("g", 30), ("t", 40)] {
            for suffix in [letter, letter + "b", letter + "ib"] { table[suffix] = shift }
        }
        return table
    }()

    /// Whole MiB as a bare number, as in the commonest QEMU command lines; else `K` or `B`.
    public var qemuMemory: String {
        if bytes.isMultiple(of: 1 << 20) { return String(bytes >> 20) }
        if bytes.isMultiple(of: 1 << 10) { return "\(bytes >> 10)K" }
        return "\(bytes)B"
    }

    /// Smaller amounts are less.
    public static func < (left: ByteSize, right: ByteSize) -> Bool { left.bytes < right.bytes }
}

extension ByteSize: CustomStringConvertible {
    /// The amount in the largest unit that needs no fraction: `1G`, `1536M`, `1000B`.
    public var description: String {
        for (suffix, shift) in [("T", 40), ("G", 30), ("M", 20), ("K", 10)]
        where bytes > 0 && bytes.isMultiple(of: 1 << shift) {
            return "\(bytes >> shift)\(suffix)"
        }
        return "\(bytes)B"
    }
}
