/// The stamp that the kernel puts before each line of its console: `[   12.345678] `.
///
/// Written by `print_time` and `print_caller` in `kernel/printk/printk.c`: seconds padded to five
/// columns, six decimals, with `CONFIG_PRINTK_CALLER` a task or CPU as in `[   T1]`, one space.
struct PrintkStamp: Equatable {
    enum Scan: Equatable {
        case stamp(PrintkStamp)
        /// The bytes end before it is decided.
        case partial
        case none
    }

    /// Longest stamp that is looked for.
    static let maximumLength = 48

    var length: Int
    var microseconds: Int64
    /// Where the caller lies behind the `[`, such as `T1`.
    var caller: Range<Int>?

    /// Looks for a stamp that begins with the `[` at `bytes`.
    static func scan(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Scan {
        var reader = Reader(bytes: bytes, count: min(count, maximumLength))
        reader.index = 1
        guard let microseconds = reader.time() else { return reader.failure(count) }
        var caller: Range<Int>?
        if reader.peek == .bracket {
            guard let range = reader.caller() else { return reader.failure(count) }
            caller = range
        }
        guard reader.take(.space) else { return reader.failure(count) }
        return .stamp(
            PrintkStamp(length: reader.index, microseconds: microseconds, caller: caller))
    }

    private struct Reader {
        let bytes: UnsafePointer<UInt8>
        let count: Int
        var index = 0

        var peek: UInt8? { index < count ? bytes[index] : nil }

        /// Running out of bytes leaves the question open; anything else answers it.
        func failure(_ available: Int) -> Scan {
            index >= count && available < maximumLength ? .partial : .none
        }

        mutating func take(_ byte: UInt8) -> Bool {
            guard peek == byte else { return false }
            index += 1
            return true
        }

        mutating func skipSpaces() -> Int {
            let from = index
            while peek == .space { index += 1 }
            return index - from
        }

        mutating func number() -> (value: Int64, digits: Int) {
            var value: Int64 = 0
            let from = index
            while let byte = peek, byte.isDigit, index - from < 12 {
                value = value * 10 + Int64(byte - 0x30)
                index += 1
            }
            return (value, index - from)
        }

        mutating func time() -> Int64? {
            let spaces = skipSpaces()
            guard spaces < 5 else { return nil }
            let seconds = number()
            let isPadded = spaces == 0 ? seconds.digits >= 5 : spaces + seconds.digits == 5
            guard isPadded, seconds.digits > 0, take(UInt8(ascii: ".")) else {
                return nil
            }
            let fraction = number()
            guard fraction.digits == 6, take(UInt8(ascii: "]")) else { return nil }
            return seconds.value * 1_000_000 + fraction.value
        }

        mutating func caller() -> Range<Int>? {
            index += 1
            _ = skipSpaces()
            let from = index
            guard take(UInt8(ascii: "T")) || take(UInt8(ascii: "C")) else { return nil }
            guard number().digits > 0 else { return nil }
            let range = from..<index
            return take(UInt8(ascii: "]")) ? range : nil
        }
    }
}
