/// RFC 4648, for payloads that travel over a terminal.
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(0) { $0 << 8 | Int($1) }
            bits <<= 8 * (3 - group.count)
            for place in 0..<4 {
                text.append(
                    place <= group.count ? alphabet[bits >> (18 - 6 * place) & 63] : padding)
            }
        }
        return text
    }

    /// Decodes; line ends and spaces count for nothing.
    ///
    /// - Returns: nil where anything else is in the text, or its length is wrong.
    static func decode(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (bits, held, padded) = (0, 0, 0)
        for byte in text where byte > .space {
            if byte == padding {
                padded += 1
                continue
            }
            guard padded == 0, let value = values[Int(byte)] else { return nil }
            bits = bits << 6 | value
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> held))
                bits &= (1 << held) - 1
            }
        }
        // Four, two or no bits are over, for one, two or no signs of padding.
        return [0: 0, 4: 2, 2: 1][held] == padded ? bytes : nil
    }

    private static let values: [Int?] = {
        var table = [Int?](repeating: nil, count: 256)
        for (value, letter) in alphabet.enumerated() { table[Int(letter)] = value }
        return table
    }()
}
