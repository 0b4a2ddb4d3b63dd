/// The beginnings of the lines with which kernels report trouble.
///
/// The texts are the kernel's: `kernel/panic.c`, `lib/bug.c`, `arch/*/kernel/traps.c`,
/// `arch/*/mm/fault.c`, `kernel/watchdog.c`, `kernel/locking/lockdep.c`, `mm/oom_kill.c`,
/// `mm/kasan/report.c`, `lib/ubsan.c`.
struct CrashRule {
    /// What is reported of a line that matched.
    enum Detail {
        /// The text behind the prefix.
        case rest
        /// The whole line.
        case whole
        /// The line without its `BUG: `.
        case withoutBug
    }

    let prefix: StaticString
    let kind: CrashKind
    let detail: Detail

    private init(_ prefix: StaticString, _ kind: CrashKind, _ detail: Detail = .rest) {
        self.prefix = prefix
        self.kind = kind
        self.detail = detail
    }

    /// By the byte with which they begin; of those that fit, the first decides.
    static let byFirstByte: [[CrashRule]] = {
        var table = [[CrashRule]](repeating: [], count: 256)
        for rule in panics + bugs + faults + locks + memory {
            table[Int(rule.prefix.utf8Start.pointee)].append(rule)
        }
        return table
    }()

    private static let panics = [
        CrashRule("Kernel panic - not syncing: Hard LOCKUP", .panic, .whole),
        CrashRule("Kernel panic - not syncing: ", .panic),
        CrashRule("Kernel panic: ", .panic),
    ]

    private static let bugs = [
        CrashRule("BUG: KASAN: ", .kasan),
        CrashRule("BUG: KMSAN: ", .kmsan),
        CrashRule("BUG: KCSAN: ", .kcsan),
        CrashRule("BUG: KFENCE: ", .kfence),
        CrashRule("BUG: soft lockup", .softLockup, .withoutBug),
        CrashRule("BUG: workqueue lockup", .workqueue, .withoutBug),
        CrashRule("BUG: scheduling while atomic: ", .scheduledAtomic),
        CrashRule(
            "BUG: sleeping function called from invalid context", .sleepInAtomic, .withoutBug),
        CrashRule("BUG: kernel NULL pointer dereference", .oops, .withoutBug),
        CrashRule("BUG: unable to handle ", .oops, .withoutBug),
        // powerpc writes them with a capital.
        CrashRule("BUG: Kernel NULL pointer dereference", .oops, .withoutBug),
        CrashRule("BUG: Unable to handle ", .oops, .withoutBug),
        CrashRule("BUG: Invalid wait context", .lockdep, .withoutBug),
        CrashRule("BUG: key ", .lockdep, .withoutBug),
        CrashRule("BUG: MAX_", .lockdep, .withoutBug),
        CrashRule("BUG: MAX ", .lockdep, .withoutBug),
        CrashRule("BUG: looking up invalid subclass", .lockdep, .withoutBug),
        CrashRule("BUG: bad unlock balance detected", .lockdep, .withoutBug),
        CrashRule("BUG: bad contention detected", .lockdep, .withoutBug),
        CrashRule("BUG: held lock freed", .lockdep, .withoutBug),
        // The scheduler's remark about an odd topology; the boot goes on.
        CrashRule("BUG: arch topology borken", .warning, .withoutBug),
        CrashRule("BUG: ", .bug),
        CrashRule("kernel BUG at ", .bug),
        CrashRule("Kernel BUG at ", .bug),
    ]

    private static let faults = [
        CrashRule("Insufficient stack space to handle exception", .stackOverflow, .whole),
        CrashRule("Kernel stack overflow", .stackOverflow, .whole),
        CrashRule("kernel stack overflow", .stackOverflow, .whole),
        CrashRule("Unable to handle kernel ", .oops, .whole),
        CrashRule("Internal error: kernel stack overflow", .stackOverflow, .whole),
        CrashRule("Internal error: ", .oops, .whole),
        CrashRule("Oops: ", .oops, .whole),
        CrashRule("Oops[", .oops, .whole),
        CrashRule("Oops - ", .oops, .whole),
        CrashRule("Unhandled fault: ", .oops, .whole),
        CrashRule("Unhandled prefetch abort: ", .oops, .whole),
        CrashRule("Unable to handle ", .oops, .whole),
        CrashRule("PANIC: double fault", .oops, .whole),
        CrashRule("double fault: ", .oops, .whole),
        CrashRule("general protection fault", .oops, .whole),
        CrashRule("Bad mode in ", .oops, .whole),
        CrashRule("SError Interrupt on CPU", .oops, .whole),
        // parisc, sparc64
        CrashRule("Kernel Fault: Code=", .oops, .whole),
        CrashRule("Kernel unaligned access at", .oops, .whole),
    ]

    private static let locks = [
        CrashRule("WARNING: possible ", .lockdep),
        CrashRule("WARNING: suspicious RCU usage", .lockdep, .whole),
        CrashRule("WARNING: inconsistent lock state", .lockdep, .whole),
        CrashRule("WARNING: bad unlock balance detected", .lockdep, .whole),
        CrashRule("WARNING: bad contention detected", .lockdep, .whole),
        CrashRule("WARNING: held lock freed", .lockdep, .whole),
        CrashRule("WARNING: lock held when returning to user space", .lockdep, .whole),
        CrashRule("WARNING: Nested lock was not taken", .lockdep, .whole),
        CrashRule("WARNING: chain_key collision", .lockdep, .whole),
        CrashRule("WARNING: HARDIRQ-", .lockdep, .whole),
        CrashRule("WARNING: SOFTIRQ-", .lockdep, .whole),
        CrashRule("INFO: possible ", .lockdep),
        CrashRule("INFO: inconsistent lock state", .lockdep, .whole),
        CrashRule("INFO: trying to register non-static key", .lockdep, .whole),
        CrashRule("INFO: suspicious RCU usage", .lockdep, .whole),
        CrashRule("INFO: HARDIRQ-", .lockdep, .whole),
        CrashRule("INFO: SOFTIRQ-", .lockdep, .whole),
    ]

    private static let memory = [
        CrashRule("UBSAN: ", .ubsan),
        CrashRule("Out of memory: Killed process", .oomKill, .whole),
        CrashRule("Out of memory: Kill process", .oomKill, .whole),
        CrashRule("Memory cgroup out of memory: Kill", .oomKill, .whole),
    ]
}
