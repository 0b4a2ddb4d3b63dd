import CLinux

/// Counts the lines of a raw stream. LF, CR LF and a lone CR end a line.
struct LineCounter {
    /// The number, from 1, of the line in which the next byte lies.
    private(set) var line = 1
    private var isAfterReturn = false

    @inline(__always)
    mutating func advance(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        guard count > 0 else { return }
        // The LF of a CR LF that was cut in two has been counted with its CR.
        if isAfterReturn, bytes[0] == .lineFeed { line -= 1 }
        line += qlinux_count_line_ends(bytes, count)
        isAfterReturn = bytes[count - 1] == .carriageReturn
    }
}
