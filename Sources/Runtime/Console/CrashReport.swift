/// One line by which a kernel says that something is wrong.
public struct CrashEvent: Sendable, Equatable {
    /// The line of the console's stream, from 1; LF, CR LF and a lone CR end lines.
    public var line: Int
    /// What it is.
    public var kind: CrashKind
    /// How bad it is.
    public var severity: CrashSeverity { kind.severity }
    /// The kernel's words, at most ``CrashClassifier/detailLimit`` characters.
    public var detail: String
}

/// A kernel's account of one accident: the first event, what followed from it, and every line.
public struct CrashReport: Sendable, Equatable {
    /// The events in their order: an oops that became a panic has both.
    public var events: [CrashEvent]
    /// The kernel's lines from the first event to the end marker, stamps included.
    public var lines: [String]
    /// Whether lines are missing because the report was longer than the limit.
    public var isTruncated = false
    /// Whether the recipe said beforehand that it provokes this.
    public var isExpected = false
    /// Whether the end of the report has been seen.
    public var isComplete = false

    /// The worst event, the first among equals: what the report is about.
    public var cause: CrashEvent? {
        events.enumerated()
            .max { ($0.element.severity, -$0.offset) < ($1.element.severity, -$1.offset) }?.element
    }
}
