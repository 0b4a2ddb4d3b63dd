/// What kind of trouble a kernel reports.
public enum CrashKind: String, Sendable, CaseIterable {
    case panic
    case hardLockup = "hard-lockup"
    case oops
    case bug
    case stackOverflow = "stack-overflow"
    case kasan
    case kmsan
    case kcsan
    case kfence
    case softLockup = "soft-lockup"
    case scheduledAtomic = "sched-atomic"
    case sleepInAtomic = "sleep-in-atomic"
    case slub
    case workqueue
    case warning
    case lockdep
    case ubsan
    case rcuStall = "rcu-stall"
    case hungTask = "hung-task"
    case oomKill = "oom-kill"
    case oomInvoked = "oom-invoked"

    /// How bad it is.
    public var severity: CrashSeverity {
        switch self {
        case .panic, .hardLockup: .fatal
        case .oops, .bug, .stackOverflow: .oops
        case .kasan, .kmsan, .kcsan, .kfence, .softLockup, .scheduledAtomic, .sleepInAtomic,
            .slub, .workqueue:
            .bug
        case .warning, .lockdep, .ubsan, .rcuStall, .hungTask, .oomKill: .warning
        case .oomInvoked: .note
        }
    }

    /// The verdict where this is why a run ended.
    public var verdict: Verdict {
        switch self {
        case .panic: .panic
        case .hardLockup, .softLockup, .hungTask, .rcuStall: .hung
        default: .oops
        }
    }
}

/// How bad a kernel's report is; worse ones are greater.
public enum CrashSeverity: String, Sendable, Comparable, CaseIterable {
    case note
    case warning = "warn"
    case bug
    case oops
    case fatal

    /// Milder ones are less.
    public static func < (left: CrashSeverity, right: CrashSeverity) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int { CrashSeverity.allCases.firstIndex(of: self) ?? 0 }
}
