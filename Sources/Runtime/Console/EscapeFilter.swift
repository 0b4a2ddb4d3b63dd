import Glibc

/// Drops what only a terminal acts on, and folds CR LF: the text that patterns see.
///
/// Sequences as in ECMA-48: `ESC [ … final` (CSI), `ESC ] … BEL` or `ESC \` (OSC and its like),
/// `ESC ( B` and two-byte escapes. A sequence that breaks off leaves nothing but the byte that
/// broke it; an unterminated string ends with its line.
struct EscapeFilter {
    private enum State { case text, escape, sequence, string, stringEscape }

    /// Longer than any sequence that terminals define: what follows is text again.
    private static let sequenceLimit = 64
    private static let stringLimit = 4096

    private var state = State.text
    private var length = 0
    /// CRs whose fate the next byte decides.
    private var heldReturns = 0

    /// Whether the next byte may change what has been passed on.
    var isHolding: Bool { heldReturns > 0 }

    mutating func feed(_ bytes: UnsafePointer<UInt8>, _ count: Int, into window: inout ByteWindow) {
        var index = 0
        // Lines end in CR LF on a console, so that each search is for one of the two only.
        var nextEscape = find(.escape, bytes, 0, count)
        while index < count {
            guard state == .text else {
                step(bytes[index], into: &window)
                index += 1
                if state == .text, nextEscape < index {
                    nextEscape = find(.escape, bytes, index, count)
                }
                continue
            }
            let stop = find(.carriageReturn, bytes, index, nextEscape)
            if stop > index {
                release(before: bytes[index], into: &window)
                window.append(bytes + index, stop - index)
            }
            guard stop < count else { return }
            if bytes[stop] == .carriageReturn { heldReturns += 1 } else { beginEscape() }
            index = stop + 1
        }
    }

    /// Passes on what is held, as if no more followed.
    mutating func finish(into window: inout ByteWindow) {
        for _ in 0..<heldReturns { window.append(.carriageReturn) }
        heldReturns = 0
    }

    private func find(
        _ byte: UInt8, _ bytes: UnsafePointer<UInt8>, _ from: Int, _ end: Int
    ) -> Int {
        guard from < end, let hit = memchr(bytes + from, Int32(byte), end - from) else {
            return end
        }
        return UnsafeRawPointer(hit) - UnsafeRawPointer(bytes)
    }

    private mutating func release(before next: UInt8, into window: inout ByteWindow) {
        guard heldReturns > 0 else { return }
        if next == .lineFeed { heldReturns = 0 } else { finish(into: &window) }
    }

    private mutating func beginEscape() {
        state = .escape
        length = 0
    }

    private mutating func emit(_ byte: UInt8, into window: inout ByteWindow) {
        state = .text
        if byte == .carriageReturn {
            heldReturns += 1
        } else {
            release(before: byte, into: &window)
            window.append(byte)
        }
    }

    private mutating func step(_ byte: UInt8, into window: inout ByteWindow) {
        length += 1
        if byte == .escape, state != .string { return beginEscape() }
        switch state {
        case .text: emit(byte, into: &window)
        case .escape: stepEscape(byte, into: &window)
        case .sequence:
            if byte >= 0x40, byte <= 0x7E {
                state = .text
                return
            }
            let belongs = byte >= 0x20 && byte < 0x40 && length < EscapeFilter.sequenceLimit
            if !belongs { emit(byte, into: &window) }
        case .string: stepString(byte, into: &window)
        case .stringEscape: state = byte == 0x5C ? .text : .string
        }
    }

    private mutating func stepEscape(_ byte: UInt8, into window: inout ByteWindow) {
        switch byte {
        case .bracket: state = .sequence
        // OSC, DCS, SOS, PM, APC
        case 0x5D, 0x50, 0x58, 0x5E, 0x5F: state = .string
        case 0x20..<0x30 where length < EscapeFilter.sequenceLimit: break
        case 0x30..<0x7F: state = .text
        default: emit(byte, into: &window)
        }
    }

    private mutating func stepString(_ byte: UInt8, into window: inout ByteWindow) {
        switch byte {
        case .escape: state = .stringEscape
        case 0x07: state = .text
        case .lineFeed, .carriageReturn, 0x18, 0x1A: emit(byte, into: &window)
        default: if length > EscapeFilter.stringLimit { emit(byte, into: &window) }
        }
    }
}
