/// A pattern of Lua 5.4 (reference manual, section 6.4.1), parsed once.
struct LuaPattern: Sendable {
    enum Repetition: Sendable { case once, optional, oneOrMore, greedy, lazy }

    enum Item: Sendable {
        case set(ByteSet, Repetition)
        case open(capture: Int, isPosition: Bool)
        case close(capture: Int)
        case balanced(UInt8, UInt8)
        case frontier(ByteSet)
        case backReference(capture: Int)
        case end
    }

    /// As many as Lua's `LUA_MAXCAPTURES`.
    static let maximumCaptures = 32

    let source: String
    private(set) var items: [Item] = []
    private(set) var isAnchored = false
    private(set) var captureCount = 0
    /// Where a match can begin: nil where it can begin anywhere.
    private(set) var firstBytes: ByteSet?
    /// The only byte with which a match can begin, where there is just one.
    private(set) var firstByte: UInt8?

    init(_ bytes: [UInt8]) throws(ConsoleError) {
        source = String(decoding: bytes, as: UTF8.self)
        var parser = LuaPatternParser(bytes)
        do {
            items = try parser.parse()
        } catch {
            throw ConsoleError.badPattern(pattern: source, reason: error.reason)
        }
        isAnchored = parser.isAnchored
        captureCount = parser.captureCount
        findFirstBytes()
    }

    private mutating func findFirstBytes() {
        guard !isAnchored else { return }
        for item in items {
            switch item {
            case .open: continue
            case .set(let set, .once), .set(let set, .oneOrMore):
                firstBytes = set
                let members = (UInt8.min...UInt8.max).filter(set.contains)
                firstByte = members.count == 1 ? members[0] : nil
            case .balanced(let first, _):
                firstBytes = ByteSet { $0 == first }
                firstByte = first
            default: break
            }
            return
        }
    }
}

/// Reads a pattern's text; follows the order in which Lua 5.4 looks at each character.
struct LuaPatternParser {
    struct Malformed: Error { var reason: String }

    private let bytes: [UInt8]
    private var index = 0
    private var items: [LuaPattern.Item] = []
    private var open: [Int] = []
    private(set) var captureCount = 0
    private(set) var isAnchored = false

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func parse() throws(Malformed) -> [LuaPattern.Item] {
        if bytes.first == UInt8(ascii: "^") {
            isAnchored = true
            index = 1
        }
        while index < bytes.count { try parseItem() }
        guard open.isEmpty else { throw Malformed(reason: "a `(` has no matching `)`") }
        return items
    }

    private mutating func parseItem() throws(Malformed) {
        switch bytes[index] {
        case UInt8(ascii: "("): try parseOpen()
        case UInt8(ascii: ")"):
            guard let capture = open.popLast() else {
                throw Malformed(reason: "a `)` has no matching `(`")
            }
            items.append(.close(capture: capture))
            index += 1
        case UInt8(ascii: "$") where index + 1 == bytes.count:
            items.append(.end)
            index += 1
        case UInt8(ascii: "%"): try parseEscape()
        case .carriageReturn where peek(1) == .lineFeed:
            // The console folds CR LF before it matches.
            index += 1
        default: try parseSingle()
        }
    }

    private func peek(_ ahead: Int) -> UInt8? {
        index + ahead < bytes.count ? bytes[index + ahead] : nil
    }

    private mutating func parseOpen() throws(Malformed) {
        guard captureCount < LuaPattern.maximumCaptures else {
            throw Malformed(
                reason: "it has more than \(LuaPattern.maximumCaptures) captures")
        }
        let isPosition = peek(1) == UInt8(ascii: ")")
        items.append(.open(capture: captureCount, isPosition: isPosition))
        if !isPosition { open.append(captureCount) }
        captureCount += 1
        index += isPosition ? 2 : 1
    }

    private mutating func parseEscape() throws(Malformed) {
        guard let letter = peek(1) else {
            throw Malformed(reason: "it ends with `%`, which must be followed by a character")
        }
        switch letter {
        case UInt8(ascii: "b"):
            guard let first = peek(2), let last = peek(3) else {
                throw Malformed(reason: "`%b` must be followed by two characters, as in `%b()`")
            }
            items.append(.balanced(first, last))
            index += 4
        case UInt8(ascii: "f"):
            guard peek(2) == .bracket else {
                throw Malformed(reason: "`%f` must be followed by a set, as in `%f[%w]`")
            }
            index += 2
            items.append(.frontier(try parseSet()))
        case let digit where digit.isDigit: try parseBackReference(Int(digit) - 0x30)
        default: try parseSingle()
        }
    }

    private mutating func parseBackReference(_ number: Int) throws(Malformed) {
        guard number >= 1, number <= captureCount, !open.contains(number - 1) else {
            throw Malformed(reason: "`%\(number)` refers to no capture that ends before it")
        }
        items.append(.backReference(capture: number - 1))
        index += 2
    }

    private mutating func parseSingle() throws(Malformed) {
        let set = try parseSingleSet()
        var repetition = LuaPattern.Repetition.once
        switch peek(0).map(UnicodeScalar.init) {
        case "?": repetition = .optional
        case "+": repetition = .oneOrMore
        case "*": repetition = .greedy
        case "-": repetition = .lazy
        default: return items.append(.set(set, .once))
        }
        index += 1
        items.append(.set(set, repetition))
    }

    private mutating func parseSingleSet() throws(Malformed) -> ByteSet {
        let byte = bytes[index]
        switch byte {
        case .bracket: return try parseSet()
        case UInt8(ascii: "."):
            index += 1
            return .all
        case UInt8(ascii: "%"):
            let letter = bytes[index + 1]
            index += 2
            return ByteSet.luaClass(letter) ?? ByteSet { $0 == letter }
        default:
            index += 1
            return ByteSet { $0 == byte }
        }
    }

    /// Reads `[…]`. The first character never closes the set, so `[]]` holds a bracket.
    private mutating func parseSet() throws(Malformed) -> ByteSet {
        let close = UInt8(ascii: "]")
        var set = ByteSet()
        index += 1
        let isInverted = peek(0) == UInt8(ascii: "^")
        if isInverted { index += 1 }
        let end = try endOfSet()
        while index < end {
            if bytes[index] == UInt8(ascii: "%"), index + 1 < end {
                let letter = bytes[index + 1]
                set.formUnion(ByteSet.luaClass(letter) ?? ByteSet { $0 == letter })
                index += 2
            } else if index + 2 < end, bytes[index + 1] == UInt8(ascii: "-") {
                let (first, last) = (bytes[index], bytes[index + 2])
                if first <= last { set.formUnion(ByteSet { first <= $0 && $0 <= last }) }
                index += 3
            } else {
                set.insert(bytes[index])
                index += 1
            }
        }
        assert(bytes[end] == close, "endOfSet returns a bracket")
        index = end + 1
        return isInverted ? set.inverted : set
    }

    private func endOfSet() throws(Malformed) -> Int {
        var end = index
        repeat {
            guard end < bytes.count else { throw Malformed(reason: "a `[` has no matching `]`") }
            end += bytes[end] == UInt8(ascii: "%") ? 2 : 1
            guard end < bytes.count else { throw Malformed(reason: "a `[` has no matching `]`") }
        } while bytes[end] != UInt8(ascii: "]")
        return end
    }
}
