import CLinux
import Glibc

/// Recognises the lines with which a kernel reports trouble.
///
/// Patterns are anchored at the beginning of the kernel's text, behind the stamp: a PCI line that
/// says "use pci=nocrs and report a bug" and the echo of a typed command must not count.
public enum CrashClassifier {
    /// Details are cut to this many characters.
    public static let detailLimit = 90

    /// Returns what a kernel line reports; nil for nearly all.
    ///
    /// - Parameter text: the kernel's text behind its stamp, without escapes and line end.
    public static func classify(_ text: ArraySlice<UInt8>) -> (kind: CrashKind, detail: String)? {
        let body = withoutFrame(withoutPrefix(text))
        guard let first = body.first else { return nil }
        let found = special(body, first: first) ?? byRule(body, first: first)
        guard let (kind, detail) = found, !isSuppressed(text) else { return nil }
        return (kind, shortened(detail))
    }
}

extension CrashClassifier {
    private typealias Finding = (kind: CrashKind, detail: ArraySlice<UInt8>)

    private static func byRule(_ text: ArraySlice<UInt8>, first: UInt8) -> Finding? {
        for rule in CrashRule.byFirstByte[Int(first)] where text.starts(with: rule.prefix) {
            switch rule.detail {
            case .whole: return (rule.kind, text)
            case .withoutBug: return (rule.kind, text.dropFirst(5))
            case .rest: return (rule.kind, text.dropFirst(rule.prefix.utf8CodeUnitCount))
            }
        }
        return nil
    }

    private static func special(_ text: ArraySlice<UInt8>, first: UInt8) -> Finding? {
        switch first {
        case UInt8(ascii: "W"):
            if let detail = warning(text) { return (.warning, detail) }
            if isHeldLock(text) { return (.lockdep, text) }
        case UInt8(ascii: "I"):
            if let detail = stall(text) { return (.rcuStall, detail) }
            if let detail = hungTask(text) { return (.hungTask, detail) }
        case UInt8(ascii: "B"):
            if isSlubReport(text) { return (.slub, text) }
            if let detail = guardPage(text) { return (.stackOverflow, detail) }
        default: break
        }
        if isHardLockup(text) { return (.hardLockup, text) }
        if let kind = death(text) { return (kind, text) }
        return contains(text, " invoked oom-killer: ") ? (.oomInvoked, text) : nil
    }

    /// `WARNING: CPU: 1 PID: 92 at FILE:LINE function+…`, on newer kernels
    /// `WARNING: FILE:LINE at function+…, CPU#1: insmod/92`.
    private static func warning(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard text.starts(with: "WARNING: ") else { return nil }
        let body = text.dropFirst(9)
        if body.starts(with: "at ") { return body.dropFirst(3) }
        guard let place = range(of: " at ", in: body) else {
            return body.starts(with: "CPU: ") ? body : nil
        }
        if body.starts(with: "CPU: ") { return body[place.upperBound...] }
        let file = body[..<place.lowerBound]
        let isPlace =
            file.last?.isDigit == true && !file.contains(.space)
            && file.drop { $0 != UInt8(ascii: ":") }.dropFirst().allSatisfy(\.isDigit)
        return isPlace || contains(body, ", CPU#") ? body : nil
    }

    /// `WARNING: sh/80 still has locks held!`
    private static func isHeldLock(_ text: ArraySlice<UInt8>) -> Bool {
        text.starts(with: "WARNING: ") && contains(text, " still has locks held!")
    }

    private static func stall(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard text.starts(with: "INFO: rcu") || text.starts(with: "INFO: RCU") else { return nil }
        return contains(text, "stall") ? text.dropFirst(6) : nil
    }

    /// `INFO: task sh:80 blocked for more than 120 seconds.`, also `blocked in I/O wait for …`.
    private static func hungTask(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard text.starts(with: "INFO: task "), let blocked = range(of: " blocked ", in: text),
            contains(text[(blocked.upperBound - 1)...], " for more than ")
        else { return nil }
        return text.dropFirst(11)
    }

    /// `BUG: #DF stack guard page was hit at …`: x86 names the stack.
    private static func guardPage(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let words: StaticString = "stack guard page was hit"
        guard text.starts(with: "BUG: "), let hit = range(of: words, in: text),
            hit.lowerBound - text.startIndex < 24
        else { return nil }
        return text[hit.upperBound...]
    }

    /// `watchdog: CPU0: Watchdog detected hard LOCKUP on cpu 1`, of old `NMI watchdog: …`,
    /// powerpc's `watchdog: CPU 1 self-detected hard LOCKUP @ …`.
    private static func isHardLockup(_ text: ArraySlice<UInt8>) -> Bool {
        (text.starts(with: "watchdog: ") || text.starts(with: "NMI watchdog: ")
            || text.starts(with: "Watchdog "))
            && (contains(text, "hard LOCKUP") || contains(text, "Hard LOCKUP"))
    }

    /// `BUG kmalloc-64 (Tainted: G B): Object already free`, after a line of `=`.
    private static func isSlubReport(_ text: ArraySlice<UInt8>) -> Bool {
        text.starts(with: "BUG ") && contains(text, "): ")
    }

    /// The line of `die`, which every architecture ends with a count: `divide error: 0000 [#1]`,
    /// `Oops [#1]`, `Kernel bug detected[#1]:`, `illegal operation: 0001 ilc:1 [#1] SMP`.
    private static func death(_ text: ArraySlice<UInt8>) -> CrashKind? {
        guard text.first != .space, let count = range(of: "[#", in: text),
            count.lowerBound > text.startIndex
        else { return nil }
        let rest = text[count.upperBound...].drop(while: \.isDigit)
        guard rest.first == UInt8(ascii: "]"), rest.startIndex > count.upperBound,
            [nil, .space, UInt8(ascii: ":")].contains(rest.dropFirst().first)
        else { return nil }
        if text.starts(with: "Kernel bug detected") || text.starts(with: "Kernel BUG") {
            return .bug
        }
        return contains(text, "ernel stack overflow") ? .stackOverflow : .oops
    }

    /// What carries one of these words only looks like trouble.
    private static func isSuppressed(_ text: ArraySlice<UInt8>) -> Bool {
        contains(text, "lockdep is turned off")
            || contains(text, "workqueue cpumask: online intersect")
            || contains(text, "Stall ended before state dump start")
    }

    private static let subsystems: [(prefix: StaticString, dropped: Int)] = [
        ("watchdog: BUG", 10), ("NMI watchdog: BUG", 14), ("rcu: ", 5), ("traps: PANIC", 7),
    ]

    /// `watchdog: BUG: soft lockup`, `rcu: INFO: …`, on MIPS `CPU 0 Unable to handle …`.
    private static func withoutPrefix(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        for (prefix, dropped) in subsystems where text.starts(with: prefix) {
            return text.dropFirst(dropped)
        }
        guard text.starts(with: "CPU ") else { return text }
        let rest = text.dropFirst(4).drop { $0.isDigit }
        return rest.starts(with: " Unable to handle") ? rest.dropFirst(1) : text
    }

    /// `[ BUG: Invalid wait context ]`: lockdep frames some of its titles.
    private static func withoutFrame(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.starts(with: "[ "), text.last == UInt8(ascii: "]"),
            text.dropFirst(2).starts(with: "BUG: ") || text.dropFirst(2).starts(with: "INFO: ")
        else { return text }
        return text.dropFirst(2).dropLast(text.dropLast().last == .space ? 2 : 1)
    }

    private static func shortened(_ detail: ArraySlice<UInt8>) -> String {
        String(String(decoding: detail, as: UTF8.self).prefix(detailLimit))
    }

    private static func contains(_ text: ArraySlice<UInt8>, _ words: StaticString) -> Bool {
        range(of: words, in: text) != nil
    }

    private static func range(
        of words: StaticString, in text: ArraySlice<UInt8>
    ) -> Range<Int>? {
        text.withUnsafeBytes { buffer in
            guard
                let base = buffer.baseAddress,
                let hit = qlinux_memmem(
                    base, buffer.count, words.utf8Start, words.utf8CodeUnitCount)
            else { return nil }
            let start = text.startIndex + (UnsafeRawPointer(hit) - base)
            return start..<(start + words.utf8CodeUnitCount)
        }
    }
}

extension ArraySlice<UInt8> {
    func starts(with prefix: StaticString) -> Bool {
        withUnsafeBytes { buffer in
            buffer.count >= prefix.utf8CodeUnitCount
                && memcmp(
                    buffer.baseAddress ?? UnsafeRawPointer(prefix.utf8Start),
                    prefix.utf8Start, prefix.utf8CodeUnitCount) == 0
        }
    }
}
