/// How far a piece of long work has come, as a value: whoever does the work prints nothing.
public struct ProgressReport: Sendable, Equatable {
    /// What is done, in one or two words: `building`, `unpacking`.
    public var activity: String
    /// How much of it is done, in `unit`; nil where it cannot be counted.
    public var done: Int?
    /// How much there is in all, in the same unit; nil where it is not known.
    public var total: Int?
    /// What is counted; nil for bytes.
    public var unit: String?
    /// What it is at: a file, a step.
    public var detail: String
    /// What is still to come, as far as it can be told.
    public var remaining: Duration?

    /// Makes a report; only the activity is needed.
    public init(
        _ activity: String, done: Int? = nil, total: Int? = nil, unit: String? = nil,
        detail: String = "", remaining: Duration? = nil
    ) {
        self.activity = activity
        self.done = done
        self.total = total
        self.unit = unit
        self.detail = detail
        self.remaining = remaining
    }

    /// One line without an end: `building 120/400 files (30 %), 12 s left: mm/slab.c`.
    public var line: String {
        var text = activity
        if let count { text += " " + count }
        if let remaining { text += ", \(Self.words(for: remaining)) left" }
        if !detail.isEmpty { text += ": " + detail }
        return text
    }

    private var count: String? {
        guard let done else { return nil }
        let unit = unit.map { " " + $0 } ?? ""
        guard let total, total > 0 else { return amount(done) + unit }
        return "\(amount(done))/\(amount(total))\(unit) (\(min(100, done * 100 / total)) %)"
    }

    private func amount(_ value: Int) -> String {
        guard unit == nil else { return "\(value)" }
        return value < 1 << 20 ? "\(value >> 10)K" : "\(value >> 20)M"
    }

    private static func words(for time: Duration) -> String {
        let seconds = max(0, time.components.seconds)
        return seconds < 60 ? "\(seconds) s" : "\(seconds / 60) min \(seconds % 60) s"
    }
}
