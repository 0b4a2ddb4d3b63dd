import SystemPackage

/// What a console keeps and what ends its waits.
public struct ConsoleConfiguration: Sendable {
    /// Bytes of unmatched text that are kept for the next wait, and the most that `before` holds.
    ///
    /// Larger ones do not fit a core's cache: 1 MiB costs a tenth of the speed (measured).
    public var window = 1 << 18
    /// Bytes of kernel text that stay matchable.
    public var kernelWindow = 1 << 18
    /// Kernel lines that ``Console/dmesg`` keeps.
    public var kernelLines = 4096
    /// A pause this long decides what more output could change: `$`, a repetition at the end of a
    /// Lua pattern, an alternative that began earlier and is not complete.
    public var pause: Duration = .milliseconds(200)
    /// The kinds of kernel trouble that end a wait.
    public var fatal: Set<CrashKind> = [
        .panic, .hardLockup, .oops, .bug, .stackOverflow, .kasan, .kmsan, .kfence,
        .scheduledAtomic, .sleepInAtomic, .slub,
    ]
    /// What the recipe provokes on purpose: a kind (`warning`) or a part of the kernel's line
    /// (`WARNING`, `my_driver`); it ends no wait.
    public var expected: [String] = []
    /// Whether the kernel was told to print levels (`console_msg_format=syslog`, since 4.17). From
    /// its first such line on, a stamp without a level is a program's text.
    public var showsLevels = false
    /// How long a report may still grow after a panic before the wait ends.
    public var reportGrace: Duration = .seconds(1)
    /// How many of the last lines an error shows.
    public var lastLines = 20
    /// What ``Console/sendline(_:limit:)`` puts behind the text.
    public var lineEnd: [UInt8] = [.lineFeed]

    /// Makes the default configuration.
    public init() {}
}
