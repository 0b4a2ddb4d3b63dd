import CLinux
import Glibc

/// Looks for one pattern in the program's growing text, each byte once.
struct ProgramScan {
    struct Found: Equatable {
        var range: Range<Int>
        var captures: [ExpectResult.Capture] = []
    }

    enum Result: Equatable {
        case found(Found)
        /// A match may begin here, decided by what follows; nowhere before.
        case open(from: Int)
        case none
        case tooMuchWork
    }

    let pattern: ConsolePattern
    private var next: Int
    private var found: Found?
    /// An attempt on much text is repeated only when there is half as much again.
    private var retryAt = 0
    private var budget: Int
    private var seen: Int
    private let origin: Int

    private static let budgetPerByte = 1000
    private static let largestBudget = 200_000_000
    private static let retryQuietly = 4096

    /// - Parameters:
    ///   - start: offset of the first byte that counts.
    ///   - budget: steps that a Lua pattern may take beside those that each byte brings.
    init(_ pattern: ConsolePattern, from start: Int, budget: Int = 50_000_000) {
        self.pattern = pattern
        self.budget = budget
        next = start
        seen = start
        origin = start
    }

    /// Searches the window.
    ///
    /// - Parameter isFinal: whether the text counts as complete.
    mutating func search(_ window: borrowing ByteWindow, isFinal: Bool) -> Result {
        if let found { return .found(found) }
        next = max(next, window.start)
        switch pattern.kind {
        case .literal(let bytes): return searchLiteral(bytes, window, isFinal: isFinal)
        case .lua(let pattern): return searchPattern(pattern, window, isFinal: isFinal)
        }
    }

    private mutating func searchLiteral(
        _ needle: [UInt8], _ window: borrowing ByteWindow, isFinal: Bool
    ) -> Result {
        let length = window.end - next
        guard length > 0 else { return .none }
        let base = UnsafeRawPointer(window.pointer(at: next))
        if let hit = qlinux_memmem(base, length, needle, needle.count) {
            let start = next + (UnsafeRawPointer(hit) - base)
            let result = Found(range: start..<(start + needle.count))
            if !isFinal { found = result }
            return .found(result)
        }
        // The place may be taken back after a final search, so only the rest of a match is kept.
        let from = max(next, window.end - needle.count + 1)
        if !isFinal { next = from }
        guard !isFinal, let open = openStart(needle, window, from) else { return .none }
        return .open(from: open)
    }

    /// The first place from which the text, to its end, is the beginning of the literal.
    private func openStart(
        _ needle: [UInt8], _ window: borrowing ByteWindow, _ from: Int
    ) -> Int? {
        var start = from
        while start < window.end {
            let base = window.pointer(at: start)
            guard let hit = memchr(base, Int32(needle[0]), window.end - start) else { return nil }
            start += UnsafeRawPointer(hit) - UnsafeRawPointer(base)
            if memcmp(window.pointer(at: start), needle, window.end - start) == 0 { return start }
            start += 1
        }
        return nil
    }

    private mutating func searchPattern(
        _ pattern: LuaPattern, _ window: borrowing ByteWindow, isFinal: Bool
    ) -> Result {
        if pattern.isAnchored, next > origin { return .none }
        if !isFinal, window.end < retryAt { return .open(from: next) }
        budget = min(
            budget + (window.end - seen) * ProgramScan.budgetPerByte, ProgramScan.largestBudget)
        seen = window.end
        let base = window.pointer(at: window.start)
        var matcher = LuaPatternMatcher(
            pattern, text: base,
            bounds: max(0, origin - window.start)..<(window.end - window.start), budget: budget)
        let result = attempts(
            pattern, &matcher, text: base, windowStart: window.start, end: window.end,
            isFinal: isFinal)
        budget = matcher.budget
        return result
    }

    private mutating func attempts(
        _ pattern: LuaPattern, _ matcher: inout LuaPatternMatcher, text: UnsafePointer<UInt8>,
        windowStart: Int, end: Int, isFinal: Bool
    ) -> Result {
        var start = next
        defer { if !isFinal { next = start } }
        while true {
            start =
                skip(pattern, text, from: start - windowStart, end: end - windowStart)
                + windowStart
            let outcome = matcher.match(at: start - windowStart)
            if case .tooMuchWork = outcome { return .tooMuchWork }
            if matcher.sawEnd, !isFinal {
                let span = end - start
                retryAt = span > ProgramScan.retryQuietly ? end + span / 2 : 0
                return .open(from: start)
            }
            if case .matched(let matchEnd) = outcome {
                let captures = matcher.captures(of: pattern, origin: origin - windowStart)
                let result = Found(range: start..<(matchEnd + windowStart), captures: captures)
                if !isFinal { found = result }
                return .found(result)
            }
            if start >= end || pattern.isAnchored {
                // Past the only place where an anchored pattern can match.
                if pattern.isAnchored { start = max(start, origin + 1) }
                return .none
            }
            start += 1
        }
    }

    /// The next place where the pattern's first byte can be.
    private func skip(
        _ pattern: LuaPattern, _ text: UnsafePointer<UInt8>, from: Int, end: Int
    ) -> Int {
        guard from < end else { return from }
        if let byte = pattern.firstByte {
            guard let hit = memchr(text + from, Int32(byte), end - from) else { return end }
            return UnsafeRawPointer(hit) - UnsafeRawPointer(text)
        }
        guard let set = pattern.firstBytes else { return from }
        var index = from
        while index < end, !set.contains(text[index]) { index += 1 }
        return index
    }
}
