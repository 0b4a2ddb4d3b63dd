import Glibc

/// Tells the kernel's lines from everything else in one raw stream.
///
/// A line of the kernel begins with a stamp, wherever the program's text was at that moment, and
/// ends with LF: the console lock keeps everybody else out in between. So a stamp is looked for
/// at every `[`, even inside an escape sequence.
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
            switch PrintkStamp.scan(base, buffer.count) {
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
            switch PrintkStamp.scan(bytes + index, count - index) {
            case .none: index += 1
            case .partial:
                if index > from { sink(.text(bytes + from, index - from)) }
                held = Array(UnsafeBufferPointer(start: bytes + index, count: count - index))
                return
            case .stamp(let stamp):
                if index > from { sink(.text(bytes + from, index - from)) }
                sink(.stamp(bytes + index, stamp))
                index += stamp.length
                from = index
            }
        }
        if from < count { sink(.text(bytes + from, count - from)) }
    }
}
