import Glibc

/// A moment on the monotonic clock by which something must have happened: the one clock of qsh.
public struct Deadline: Sendable, Comparable {
    /// Nanoseconds of `CLOCK_MONOTONIC`; `Int64.max` is never.
    private let nanoseconds: Int64

    /// No limit. Only for waits that have another end condition.
    public static let never = Deadline(nanoseconds: .max)

    /// The present moment.
    public static var now: Deadline { Deadline(nanoseconds: monotonicNanoseconds()) }

    /// The moment `duration` from now; never for one that does not fit.
    public static func after(_ duration: Duration) -> Deadline {
        now + duration
    }

    /// The moment `seconds` from now; never for an infinite or huge number.
    public static func after(seconds: Double) -> Deadline {
        guard seconds < 9e9 else { return .never }
        return Deadline(nanoseconds: monotonicNanoseconds() + Int64(max(seconds, 0) * 1e9))
    }

    /// Whether this is ``never``.
    public var isNever: Bool { nanoseconds == .max }

    /// Whether the moment is here or gone.
    public var hasPassed: Bool { !isNever && monotonicNanoseconds() >= nanoseconds }

    /// Time left; zero where it has passed.
    public var remaining: Duration {
        isNever ? .seconds(Int64.max) : .nanoseconds(max(0, nanoseconds - monotonicNanoseconds()))
    }

    /// The moment in seconds of the clock, whose zero means nothing.
    public var secondsOfClock: Double { Double(nanoseconds) / 1e9 }

    /// Earlier moments are less.
    public static func < (left: Deadline, right: Deadline) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// A later (or, for a negative duration, earlier) moment.
    public static func + (deadline: Deadline, duration: Duration) -> Deadline {
        if deadline.isNever || duration.components.seconds > 9_000_000_000 { return .never }
        let (seconds, attoseconds) = duration.components
        return Deadline(
            nanoseconds: deadline.nanoseconds + seconds * 1_000_000_000
                + attoseconds / 1_000_000_000)
    }

    /// The time from `right` to `left`.
    public static func - (left: Deadline, right: Deadline) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }

    /// What `epoll_wait` takes, rounded up so that a timer is due when the wait ends.
    var pollMilliseconds: Int32 {
        if isNever { return -1 }
        let left = max(0, nanoseconds - monotonicNanoseconds())
        return Int32(min((left + 999_999) / 1_000_000, 1_000_000_000))
    }
}

extension Duration {
    /// As a fraction of seconds, for messages and for Lua.
    public var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    /// As a message says it: `5.0 s`.
    var inSeconds: String {
        let tenths = Int((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}

private func monotonicNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
