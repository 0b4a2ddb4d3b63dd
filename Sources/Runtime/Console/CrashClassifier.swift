import CLinux
import Glibc

/// Recognises the lines with which a kernel reports trouble.
///
/// Patterns are anchored at the beginning of the kernel's text, behind the stamp: a PCI line that
/// says "use pci=nocrs and report a bug" and the echo of a typed command must not count. The texts
/// are the kernel's: `kernel/panic.c`, `lib/bug.c`, `arch/*/kernel/traps.c`, `arch/*/mm/fault.c`,
/// `kernel/watchdog.c`, `kernel/hung_task.c`, `kernel/rcu/tree_stall.h`, `mm/oom_kill.c`,
/// `mm/kasan/report.c`, `kernel/locking/lockdep.c`, `lib/ubsan.c`.
public enum CrashClassifier {
    /// Details are cut to this many characters.
    public static let detailLimit = 90

    /// What is reported of a line that matched.
    private enum Detail {
        /// The text behind the prefix.
        case rest
        /// The whole line.
        case whole
        /// The line without its `BUG: `.
        case withoutBug
    }

    private struct Rule {
        let prefix: StaticString
        let kind: CrashKind
        let detail: Detail

        init(_ prefix: StaticString, _ kind: CrashKind, _ detail: Detail = .rest) {
            self.prefix = prefix
            self.kind = kind
            self.detail = detail
        }
    }

    /// The first rule that fits decides.
    private static let rules: [Rule] = [
        Rule("Kernel panic - not syncing: Hard LOCKUP", .panic, .whole),
        Rule("Kernel panic - not syncing: ", .panic),
        Rule("BUG: KASAN: ", .kasan),
        Rule("BUG: KMSAN: ", .kmsan),
        Rule("BUG: KCSAN: ", .kcsan),
        Rule("BUG: KFENCE: ", .kfence),
        Rule("BUG: soft lockup", .softLockup, .withoutBug),
        Rule("BUG: workqueue lockup", .workqueue, .withoutBug),
        Rule("BUG: scheduling while atomic: ", .scheduledAtomic),
        Rule("BUG: sleeping function called from invalid context", .sleepInAtomic, .withoutBug),
        Rule("BUG: TASK stack guard page was hit", .stackOverflow),
        Rule("BUG: stack guard page was hit", .stackOverflow),
        Rule("BUG: IRQ stack guard page was hit", .stackOverflow),
        Rule("Insufficient stack space to handle exception", .stackOverflow, .whole),
        Rule("Kernel stack overflow", .stackOverflow, .whole),
        Rule("BUG: kernel NULL pointer dereference", .oops, .withoutBug),
        Rule("BUG: unable to handle ", .oops, .withoutBug),
        Rule("BUG: Invalid wait context", .lockdep, .withoutBug),
        Rule("BUG: MAX_", .lockdep, .withoutBug),
        Rule("BUG: ", .bug),
        Rule("kernel BUG at ", .bug),
        Rule("Unable to handle kernel ", .oops, .whole),
        Rule("Internal error: ", .oops, .whole),
        Rule("Oops: ", .oops, .whole),
        Rule("Oops[", .oops, .whole),
        Rule("Oops - ", .oops, .whole),
        Rule("Unhandled fault: ", .oops, .whole),
        Rule("Unable to handle ", .oops, .whole),
        Rule("kernel tried to execute ", .oops, .whole),
        Rule("WARNING: possible ", .lockdep),
        Rule("WARNING: suspicious RCU usage", .lockdep, .whole),
        Rule("WARNING: inconsistent lock state", .lockdep, .whole),
        Rule("WARNING: bad unlock balance detected", .lockdep, .whole),
        Rule("WARNING: held lock freed", .lockdep, .whole),
        Rule("WARNING: Nested lock was not taken", .lockdep, .whole),
        Rule("INFO: possible ", .lockdep),
        Rule("INFO: inconsistent lock state", .lockdep, .whole),
        Rule("INFO: trying to register non-static key", .lockdep, .whole),
        Rule("INFO: suspicious RCU usage", .lockdep, .whole),
        Rule("UBSAN: ", .ubsan),
        Rule("Out of memory: Killed process", .oomKill, .whole),
        Rule("Out of memory: Kill process", .oomKill, .whole),
        Rule("Memory cgroup out of memory: Kill", .oomKill, .whole),
        Rule("PANIC: double fault", .oops, .whole),
        Rule("double fault: ", .oops, .whole),
        Rule("general protection fault", .oops, .whole),
        Rule("Bad mode in ", .oops, .whole),
        Rule("kernel stack overflow", .stackOverflow, .whole),
    ]

    /// Returns what a kernel line reports; nil for nearly all.
    ///
    /// - Parameter text: the kernel's text behind its stamp, without escapes and line end.
    public static func classify(_ text: ArraySlice<UInt8>) -> (kind: CrashKind, detail: String)? {
        // `watchdog: BUG: soft lockup`, `rcu: INFO: …`, on MIPS `CPU 0 Unable to handle …`.
        let body = withoutPrefix(text) ?? text
        guard let first = body.first else { return nil }
        let found = special(body, first: first) ?? byRule(body, first: first)
        guard let (kind, detail) = found, !isSuppressed(text) else { return nil }
        return (kind, shortened(detail))
    }
}

extension CrashClassifier {
    private typealias Finding = (kind: CrashKind, detail: ArraySlice<UInt8>)

    private static let rulesByFirstByte: [[Rule]] = {
        var table = [[Rule]](repeating: [], count: 256)
        for rule in rules { table[Int(rule.prefix.utf8Start.pointee)].append(rule) }
        return table
    }()

    private static func byRule(_ text: ArraySlice<UInt8>, first: UInt8) -> Finding? {
        for rule in rulesByFirstByte[Int(first)] where text.starts(with: rule.prefix) {
            switch rule.detail {
            case .whole: return (rule.kind, text)
            case .withoutBug: return (rule.kind, text.dropFirst(5))
            case .rest: return (rule.kind, text.dropFirst(rule.prefix.utf8CodeUnitCount))
            }
        }
        return nil
    }

    private static func special(_ text: ArraySlice<UInt8>, first: UInt8) -> Finding? {
        if first == UInt8(ascii: "W"), let detail = warning(text) { return (.warning, detail) }
        if let detail = stall(text) { return (.rcuStall, detail) }
        if isHardLockup(text) { return (.hardLockup, text) }
        if text.starts(with: "INFO: task "), contains(text, " blocked for more than ") {
            return (.hungTask, text.dropFirst(11))
        }
        if isSlubReport(text) { return (.slub, text) }
        if isTrap(text) { return (.oops, text) }
        return contains(text, " invoked oom-killer: ") ? (.oomInvoked, text) : nil
    }

    /// `WARNING: CPU: 1 PID: 92 at FILE:LINE function+…`, without the CPU on newer kernels.
    private static func warning(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard text.starts(with: "WARNING: ") else { return nil }
        let body = text.dropFirst(9)
        if body.starts(with: "at ") { return body.dropFirst(3) }
        guard body.starts(with: "CPU: ") else { return nil }
        guard let place = range(of: " at ", in: body) else { return body }
        return body[place.upperBound...]
    }

    private static func stall(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard text.starts(with: "INFO: rcu") || text.starts(with: "INFO: RCU") else { return nil }
        return contains(text, "stall") ? text.dropFirst(6) : nil
    }

    /// `watchdog: CPU0: Watchdog detected hard LOCKUP on cpu 1`, of old `NMI watchdog: …`.
    private static func isHardLockup(_ text: ArraySlice<UInt8>) -> Bool {
        (text.starts(with: "watchdog: ") || text.starts(with: "NMI watchdog: "))
            && contains(text, "Watchdog detected hard LOCKUP")
    }

    /// `BUG kmalloc-64 (Tainted: G B): Object already free`, after a line of `=`.
    private static func isSlubReport(_ text: ArraySlice<UInt8>) -> Bool {
        text.starts(with: "BUG ") && contains(text, "): ")
    }

    /// `divide error: 0000 [#1] PREEMPT SMP`: x86 names the trap, then its error code and a count.
    private static func isTrap(_ text: ArraySlice<UInt8>) -> Bool {
        guard let count = range(of: " [#", in: text), contains(text[count.upperBound...], "]")
        else { return false }
        let code = text[..<count.lowerBound].suffix(6)
        let isCode =
            code.count == 6 && code.starts(with: ": ")
            && code.dropFirst(2).allSatisfy { ByteSet.hexadecimal.contains($0) }
        return isCode || text.starts(with: "Oops")
    }

    /// What carries one of these words only looks like trouble.
    private static func isSuppressed(_ text: ArraySlice<UInt8>) -> Bool {
        contains(text, "lockdep is turned off")
            || contains(text, "workqueue cpumask: online intersect")
            || contains(text, "Stall ended before state dump start")
    }

    private static let subsystems: [(prefix: StaticString, dropped: Int)] = [
        ("watchdog: BUG", 10), ("NMI watchdog: BUG", 14), ("rcu: ", 5),
    ]

    private static func withoutPrefix(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        for (prefix, dropped) in subsystems where text.starts(with: prefix) {
            return text.dropFirst(dropped)
        }
        guard text.starts(with: "CPU ") else { return nil }
        let rest = text.dropFirst(4).drop { $0.isDigit }
        return rest.starts(with: " Unable to handle") ? rest.dropFirst(1) : nil
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

extension ByteSet {
    static let hexadecimal = ByteSet { $0.isDigit || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x66) }
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
