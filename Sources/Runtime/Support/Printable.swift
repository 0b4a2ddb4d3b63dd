/// Returns bytes as text for a message: UTF-8 as it is, everything else as `\xNN`.
public func printable(_ bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    if let text = String(validating: bytes, as: UTF8.self),
        text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
    {
        return text
    }
    return bytes.map { byte in
        if (0x20..<0x7f).contains(byte) { return String(UnicodeScalar(byte)) }
        return "\\x" + hexadecimal(byte)
    }.joined()
}

/// A byte as two digits.
func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
}
