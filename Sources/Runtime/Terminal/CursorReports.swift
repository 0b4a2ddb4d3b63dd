import Glibc

/// Counts the cursor positions that the guest asked for and the terminal has not sent yet.
///
/// busybox ash sends `ESC[6n` with each prompt. An answer (`ESC[row;colR`) that comes after the
/// session has ended would land on the command line of the user's shell.
struct CursorReports {
    private static let query = Array("\u{1b}[6n".utf8)
    private var matched = 0
    private var isInReply = false
    private(set) var outstanding = 0

    mutating func noteOutput(_ bytes: UnsafeRawBufferPointer) {
        // The common piece has no escape character at all.
        if matched == 0, let base = bytes.baseAddress, memchr(base, 0x1b, bytes.count) == nil {
            return
        }
        for byte in bytes {
            if byte == Self.query[matched] {
                matched += 1
            } else {
                matched = byte == Self.query[0] ? 1 : 0
            }
            if matched == Self.query.count {
                outstanding += 1
                matched = 0
            }
        }
    }

    mutating func noteInput(_ bytes: UnsafeRawBufferPointer) {
        guard outstanding > 0 else { return }
        for byte in bytes {
            switch byte {
            case 0x1b: isInReply = true
            case UInt8(ascii: "R") where isInReply:
                isInReply = false
                outstanding = max(0, outstanding - 1)
            case UInt8(ascii: "["), UInt8(ascii: ";"), UInt8(ascii: "0")...UInt8(ascii: "9"): break
            default: isInReply = false
            }
        }
    }
}
