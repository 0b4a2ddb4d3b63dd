/// Tries a Lua pattern on text of which more may follow.
///
/// An attempt that looked at the end of the text is undecided: more text could change it. That
/// makes the result independent of how a stream is cut.
struct LuaPatternMatcher {
    enum Outcome: Equatable {
        case failed
        case matched(end: Int)
        case tooMuchWork
    }

    /// The same bound as Lua's `MAXCCALLS`.
    static let maximumDepth = 200

    private let items: [LuaPattern.Item]
    private let text: UnsafePointer<UInt8>
    private let start: Int
    private let end: Int
    /// Whether the last attempt looked at the end of the text.
    private(set) var sawEnd = false
    /// Work left, in steps of about one byte.
    private(set) var budget: Int
    private var starts = [Int](repeating: 0, count: LuaPattern.maximumCaptures)
    private var lengths = [Int](repeating: 0, count: LuaPattern.maximumCaptures)
    private var depth = 0
    private var isExhausted = false

    /// - Parameters:
    ///   - text: valid while the matcher is used.
    ///   - bounds: offsets from `text`; nothing is looked at outside of them.
    init(
        _ pattern: LuaPattern, text: UnsafePointer<UInt8>, bounds: Range<Int>, budget: Int
    ) {
        items = pattern.items
        self.text = text
        start = bounds.lowerBound
        end = bounds.upperBound
        self.budget = budget
    }

    /// Tries to match at exactly `position`.
    mutating func match(at position: Int) -> Outcome {
        sawEnd = false
        depth = 0
        let found = run(position, 0)
        if isExhausted { return .tooMuchWork }
        return found.map { .matched(end: $0) } ?? .failed
    }

    /// The captures of the last match, positions counted from 1 at `origin`.
    func captures(of pattern: LuaPattern, origin: Int) -> [ExpectResult.Capture] {
        (0..<pattern.captureCount).map { index in
            if lengths[index] < 0 { return .position(starts[index] - origin + 1) }
            let bytes = UnsafeBufferPointer(start: text + starts[index], count: lengths[index])
            return .text(Array(bytes))
        }
    }

    private mutating func run(_ position: Int, _ first: Int) -> Int? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= LuaPatternMatcher.maximumDepth else {
            isExhausted = true
            return nil
        }
        var position = position
        var index = first
        while index < items.count {
            guard spend(1) else { return nil }
            switch items[index] {
            case .set(let set, .once):
                guard matches(set, position) else { return nil }
                position += 1
            case .set(let set, let repetition):
                return repeating(set, repetition, position, index + 1)
            default:
                guard let next = special(items[index], position) else { return nil }
                position = next
            }
            index += 1
        }
        return position
    }

    private mutating func spend(_ steps: Int) -> Bool {
        budget -= steps
        if budget < 0 { isExhausted = true }
        return !isExhausted
    }

    private mutating func matches(_ set: ByteSet, _ position: Int) -> Bool {
        if position < end { return set.contains(text[position]) }
        sawEnd = true
        return false
    }

    private mutating func repeating(
        _ set: ByteSet, _ repetition: LuaPattern.Repetition, _ position: Int, _ rest: Int
    ) -> Int? {
        switch repetition {
        case .once, .optional:
            if matches(set, position), let found = run(position + 1, rest) { return found }
            return isExhausted ? nil : run(position, rest)
        case .greedy: return greedy(set, position, position, rest)
        case .oneOrMore:
            return matches(set, position) ? greedy(set, position, position + 1, rest) : nil
        case .lazy: return lazy(set, position, rest)
        }
    }

    private mutating func greedy(
        _ set: ByteSet, _ from: Int, _ least: Int, _ rest: Int
    ) -> Int? {
        var last = least
        while last < end, set.contains(text[last]) { last += 1 }
        if last == end { sawEnd = true }
        guard spend(last - from) else { return nil }
        if rest == items.count { return last }
        while last >= least {
            if let found = run(last, rest) { return found }
            if isExhausted { return nil }
            last -= 1
        }
        return nil
    }

    private mutating func lazy(_ set: ByteSet, _ from: Int, _ rest: Int) -> Int? {
        var position = from
        while true {
            if let found = run(position, rest) { return found }
            guard !isExhausted, matches(set, position) else { return nil }
            position += 1
        }
    }

    private mutating func special(_ item: LuaPattern.Item, _ position: Int) -> Int? {
        switch item {
        case .open(let capture, let isPosition):
            starts[capture] = position
            lengths[capture] = isPosition ? -1 : 0
            return position
        case .close(let capture):
            lengths[capture] = position - starts[capture]
            return position
        case .balanced(let first, let last): return balanced(first, last, position)
        case .frontier(let set): return frontier(set, position) ? position : nil
        case .backReference(let capture): return repeated(capture, position)
        case .end:
            if position == end { sawEnd = true }
            return position == end ? position : nil
        case .set: return nil
        }
    }

    private mutating func balanced(_ first: UInt8, _ last: UInt8, _ position: Int) -> Int? {
        guard matches(ByteSet { $0 == first }, position) else { return nil }
        var nesting = 1
        var next = position + 1
        while next < end {
            let byte = text[next]
            next += 1
            if byte == last {
                nesting -= 1
                if nesting == 0 { return spend(next - position) ? next : nil }
            } else if byte == first {
                nesting += 1
            }
        }
        sawEnd = true
        _ = spend(next - position)
        return nil
    }

    /// The text counts as having a NUL before and behind it.
    private mutating func frontier(_ set: ByteSet, _ position: Int) -> Bool {
        let previous = position > start ? text[position - 1] : 0
        guard !set.contains(previous) else { return false }
        if position == end { sawEnd = true }
        return set.contains(position < end ? text[position] : 0)
    }

    private mutating func repeated(_ capture: Int, _ position: Int) -> Int? {
        let length = lengths[capture]
        // A position capture has no text: Lua finds its length too large for any subject.
        guard length >= 0, spend(length) else { return nil }
        var offset = 0
        while offset < length {
            guard position + offset < end else {
                sawEnd = true
                return nil
            }
            guard text[position + offset] == text[starts[capture] + offset] else { return nil }
            offset += 1
        }
        return position + length
    }
}
