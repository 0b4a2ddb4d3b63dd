import QshRuntime

/// The one table of exit codes: what a shell, CI or `git bisect run` sees.
extension Verdict {
    var exitCode: Int32 {
        switch self {
        case .ok: 0
        case .recipeFailed: 1
        case .usage: 2
        case .panic, .oops: 3
        // EX_UNAVAILABLE of sysexits.h: the harness failed, not what it tested.
        case .qemuDidNotStart, .qemuDied: 69
        case .timeout, .hung, .noOutput: 124
        // What `git bisect run` skips.
        case .buildFailed, .configUnmet: 125
        case .interrupted: 130
        }
    }
}
