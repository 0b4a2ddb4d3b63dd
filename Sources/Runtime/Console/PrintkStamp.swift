/// The stamp that the kernel puts before each line of its console: `[   12.345678] `.
///
/// Written by `print_time` and `print_caller` in `kernel/printk/printk.c`: seconds padded to five
/// columns, six decimals, with `CONFIG_PRINTK_CALLER` a task or CPU as in `[   T1]`, one space.
/// With `console_msg_format=syslog` the level stands before it: `<6>[   12.345678] `.
struct PrintkStamp: Equatable {
    enum Scan: Equatable {
        case stamp(PrintkStamp)
        /// The bytes end before it is decided.
        case partial
        case none
    }

    /// Longest stamp that is looked for.
    static let maximumLength = 48
    /// Of `<` to `>`: `print_syslog` writes facility times 8 plus level, below 1024.
    static let maximumLevelLength = 6

    var length: Int
    var microseconds: Int64
    /// How many of the bytes are the level's.
    var levelLength = 0
    /// 0 (emergency) to 7 (debug), where it stands before the stamp.
    var level: Int?
    /// Where the caller lies behind the `[`, such as `T1`.
    var caller: Range<Int>?

    /// Looks for a stamp that begins with the `[` or the `<` at `bytes`.
    static func scan(from bytes: UnsafePointer<UInt8>, _ count: Int) -> Scan {
        guard bytes[0] == UInt8(ascii: "<") else { return scan(bytes, count) }
        guard let end = levelEnd(bytes, count) else { return .none }
        guard end < count else { return .partial }
        guard bytes[end] == .bracket else { return .none }
        let rest = scan(bytes + end, count - end)
        guard case .stamp(var stamp) = rest else { return rest }
        stamp.prepend(level: bytes, end)
        return .stamp(stamp)
    }

    /// The end of `<6>`, or of what is there of it; nil where the bytes are no level.
    static func levelEnd(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int? {
        var index = 1
        while index < count, bytes[index].isDigit { index += 1 }
        guard index < count else { return index < maximumLevelLength ? count : nil }
        let isLevel = bytes[index] == UInt8(ascii: ">") && (2..<maximumLevelLength) ~= index
        return isLevel ? index + 1 : nil
    }

    /// Takes the level that stands before the `[`.
    mutating func prepend(level bytes: UnsafePointer<UInt8>, _ count: Int) {
        var value = 0
        for index in 1..<(count - 1) { value = value * 10 + Int(bytes[index] - 0x30) }
        level = value & 7
        levelLength = count
        length += count
        caller = caller.map { $0.lowerBound + count..<$0.upperBound + count }
    }

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
