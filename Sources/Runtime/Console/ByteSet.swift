/// A set of byte values as 256 bits.
struct ByteSet: Sendable, Equatable {
    private var low: (UInt64, UInt64) = (0, 0)
    private var high: (UInt64, UInt64) = (0, 0)

    static let all = ByteSet().inverted

    init() {}

    init(where isMember: (UInt8) -> Bool) {
        for byte in UInt8.min...UInt8.max where isMember(byte) { insert(byte) }
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: return low.0 & bit != 0
        case 1: return low.1 & bit != 0
        case 2: return high.0 & bit != 0
        default: return high.1 & bit != 0
        }
    }

    mutating func insert(_ byte: UInt8) {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: low.0 |= bit
        case 1: low.1 |= bit
        case 2: high.0 |= bit
        default: high.1 |= bit
        }
    }

    mutating func formUnion(_ other: ByteSet) {
        low = (low.0 | other.low.0, low.1 | other.low.1)
        high = (high.0 | other.high.0, high.1 | other.high.1)
    }

    var inverted: ByteSet {
        var result = ByteSet()
        result.low = (~low.0, ~low.1)
        result.high = (~high.0, ~high.1)
        return result
    }

    static func == (left: ByteSet, right: ByteSet) -> Bool {
        left.low == right.low && left.high == right.high
    }
}

extension ByteSet {
    /// The set that a class letter of Lua's `%a` stands for, in the C locale.
    ///
    /// - Returns: nil for a letter that is no class; `%` then means the letter itself.
    static func luaClass(_ letter: UInt8) -> ByteSet? {
        let lower = letter | 0x20
        guard lower >= 0x61, lower <= 0x7A, let members = luaClassMembers(lower) else { return nil }
        let set = ByteSet(where: members)
        return letter == lower ? set : set.inverted
    }

    private static func luaClassMembers(_ letter: UInt8) -> ((UInt8) -> Bool)? {
        func isLower(_ c: UInt8) -> Bool { c >= 0x61 && c <= 0x7A }
        func isUpper(_ c: UInt8) -> Bool { c >= 0x41 && c <= 0x5A }
        func isAlphanumeric(_ c: UInt8) -> Bool { isLower(c) || isUpper(c) || c.isDigit }
        func isGraphic(_ c: UInt8) -> Bool { c > 0x20 && c < 0x7F }
        switch UnicodeScalar(letter) {
        case "a": return { isLower($0) || isUpper($0) }
        case "c": return { $0 < 0x20 || $0 == 0x7F }
        case "d": return { $0.isDigit }
        case "g": return isGraphic
        case "l": return isLower
        case "p": return { isGraphic($0) && !isAlphanumeric($0) }
        case "s": return { $0 == 0x20 || ($0 >= 0x09 && $0 <= 0x0D) }
        case "u": return isUpper
        case "w": return isAlphanumeric
        // Deprecated since 5.2, and still there.
        case "z": return { $0 == 0 }
        case "x": return { $0.isDigit || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x66) }
        default: return nil
        }
    }
}
