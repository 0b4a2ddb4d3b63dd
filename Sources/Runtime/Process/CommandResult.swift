/// What a command that ran to its end left behind. A status other than 0 is a normal result.
public struct CommandResult: Sendable, Equatable {
    /// How it ended; 124 as in timeout(1) where the deadline passed.
    public var code: Int32?
    /// The signal that killed it.
    public var signal: Int32?
    /// What it printed, up to the limit.
    public var stdout: [UInt8]
    /// What it said on its error stream, up to the limit.
    public var stderr: [UInt8]
    /// Whether the deadline passed and it was killed.
    public var timedOut: Bool
    /// Whether output beyond the limit was dropped.
    public var isTruncated: Bool

    /// Whether it ended with status 0.
    public var succeeded: Bool { code == 0 && !timedOut }
    /// Its error stream as text, without the line end.
    public var errorText: String {
        String(decoding: stderr, as: UTF8.self).trimmingSuffix { $0.isNewline }
    }
    /// Its output as text, without the line end.
    public var outputText: String {
        String(decoding: stdout, as: UTF8.self).trimmingSuffix { $0.isNewline }
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        var copy = self[...]
        while let last = copy.last, predicate(last) { copy.removeLast() }
        return String(copy)
    }
}
