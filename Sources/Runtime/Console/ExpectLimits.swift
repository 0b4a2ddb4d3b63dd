/// What ends a wait that nothing matches.
public struct ExpectLimits: Sendable, Equatable {
    /// Time for the whole wait; nil for none.
    public var total: Duration?
    /// Time without any new output; nil for none.
    public var silence: Duration?
    /// Bytes of output without a match, those that were there at the start included; nil for none.
    public var bytes: Int?

    /// How often the line that was typed last is typed again where it came back as an echo with
    /// nothing behind it: its program flushed its input after the prompt.
    public var resends = 0

    /// Makes limits; a minute in all where nothing is said.
    public init(total: Duration? = .seconds(60), silence: Duration? = nil, bytes: Int? = nil) {
        self.total = total
        self.silence = silence
        self.bytes = bytes
    }
}
