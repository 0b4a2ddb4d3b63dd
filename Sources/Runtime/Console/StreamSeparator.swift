import Glibc

/// Tells the kernel's lines from everything else in one raw stream.
///
/// A line of the kernel begins with a stamp, wherever the program's text was at that moment, and
/// ends with LF: the console lock keeps everybody else out in between. So a stamp is looked for
/// at every `[`, even inside an escape sequence; where the console shows levels, with the `<6>`
/// before it.
struct StreamSeparator {
    enum Token {
        /// Bytes that hold no stamp; valid during the call.
        case text(UnsafePointer<UInt8>, Int)
        /// A stamp: the kernel's text follows.
        case stamp(UnsafePointer<UInt8>, PrintkStamp)
    }

    /// The beginning of what may become a stamp.
    private(set) var held: [UInt8] = []

    /// Cuts `bytes` into tokens. What may be the beginning of a stamp is held until it is decided.
    mutating func feed(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ sink: (Token) -> Void) {
        var from = 0
        while !held.isEmpty, from < count {
            // A stamp is short: a few bytes decide it.
            held.append(bytes[from])
            from += 1
            settleHeld(sink)
        }
        scan(bytes, from, count, sink)
    }

    /// Passes on what is held, as if nothing followed.
    mutating func finish(_ sink: (Token) -> Void) {
        let rest = held
        held = []
        rest.withUnsafeBufferPointer { buffer in
            if let base = buffer.baseAddress, buffer.count > 0 { sink(.text(base, buffer.count)) }
        }
    }

    /// Forgets what is held: somebody has taken it.
    mutating func discard() { held = [] }

    private mutating func settleHeld(_ sink: (Token) -> Void) {
        let candidate = held
        candidate.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            switch PrintkStamp.scan(from: base, buffer.count) {
            case .partial: return
            case .stamp(let stamp):
                held = []
                sink(.stamp(base, stamp))
            case .none:
                held = []
                sink(.text(base, 1))
                scan(base, 1, buffer.count, sink)
            }
        }
    }

    private mutating func scan(
        _ bytes: UnsafePointer<UInt8>, _ start: Int, _ count: Int, _ sink: (Token) -> Void
    ) {
        var from = start
        var index = start
        while index < count,
            let hit = memchr(bytes + index, Int32(UInt8.bracket), count - index)
        {
            index = UnsafeRawPointer(hit) - UnsafeRawPointer(bytes)
            if index + 1 < count, bytes[index + 1] != .space, !bytes[index + 1].isDigit {
                index += 1
                continue
            }
            let level = StreamSeparator.levelStart(bytes, from, index)
            switch PrintkStamp.scan(bytes + index, count - index) {
            case .none: index += 1
            case .partial: return hold(bytes, from, level, count, sink)
            case .stamp(var stamp):
                if level > from { sink(.text(bytes + from, level - from)) }
                index += stamp.length
                if index - stamp.length > level {
                    stamp.prepend(level: bytes + level, index - stamp.length - level)
                }
                sink(.stamp(bytes + level, stamp))
                from = index
            }
        }
        hold(bytes, from, StreamSeparator.openLevel(bytes, from, count), count, sink)
    }

    /// Passes on the text and holds what is behind it.
    private mutating func hold(
        _ bytes: UnsafePointer<UInt8>, _ from: Int, _ place: Int, _ count: Int,
        _ sink: (Token) -> Void
    ) {
        if place > from { sink(.text(bytes + from, place - from)) }
        if place < count {
            held = Array(UnsafeBufferPointer(start: bytes + place, count: count - place))
        }
    }

    /// Where the level before the `[` at `index` begins; `index` where there is none.
    private static func levelStart(
        _ bytes: UnsafePointer<UInt8>, _ from: Int, _ index: Int
    ) -> Int {
        guard index > from, bytes[index - 1] == UInt8(ascii: ">") else { return index }
        var start = index - 2
        while start >= from, bytes[start].isDigit { start -= 1 }
        guard start >= from, bytes[start] == UInt8(ascii: "<"),
            PrintkStamp.levelEnd(bytes + start, index - start) == index - start
        else { return index }
        return start
    }

    /// Where a level begins that the end of the bytes cuts; `count` where none does.
    private static func openLevel(
        _ bytes: UnsafePointer<UInt8>, _ from: Int, _ count: Int
    ) -> Int {
        let first = max(from, count - PrintkStamp.maximumLevelLength + 1)
        var start = count - 1
        while start >= first, bytes[start] != UInt8(ascii: "<") { start -= 1 }
        guard start >= first,
            PrintkStamp.levelEnd(bytes + start, count - start) == count - start
        else { return count }
        return start
    }
}
