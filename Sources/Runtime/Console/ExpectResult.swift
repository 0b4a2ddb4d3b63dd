/// What a wait on a console found.
///
/// All text is as it was matched: CR LF folded to LF, escape sequences dropped, kernel lines left
/// out (unless the match itself is in a kernel line).
public struct ExpectResult: Sendable, Equatable {
    /// One capture of a Lua pattern.
    public enum Capture: Sendable, Equatable {
        /// The bytes between the parentheses.
        case text([UInt8])
        /// What `()` captures: the place, from 1, in the text `before` + `match` (counted from the
        /// end of the previous match, bytes that fell out of the window included).
        case position(Int)
    }

    /// Which of the two interleaved streams the match is in.
    public enum Source: Sendable, Equatable {
        /// What programs and firmware wrote.
        case program
        /// The lines that the kernel wrote, stamps included.
        case kernel
    }

    /// The program's bytes between the previous match and this one.
    public var before: [UInt8]
    /// Whether the beginning of `before` was lost because it did not fit the console's window.
    public var isBeforeTruncated: Bool
    /// The bytes that matched.
    public var match: [UInt8]
    /// Up to 4 KiB of what had already arrived behind the match; the next wait sees it again.
    public var after: [UInt8]
    /// The pattern's captures; empty for a literal.
    public var captures: [Capture]
    /// Which of the patterns matched, from 0.
    public var index: Int
    /// How long the wait took.
    public var elapsed: Duration
    /// Which stream the match is in.
    public var source: Source
}
