import Glibc

/// How a machine's run ended.
public struct MachineExit: Sendable, Equatable {
    /// Why QEMU ended.
    public enum Cause: Sendable, Equatable {
        /// The guest switched the machine off.
        case powerOff
        /// The guest rebooted, and its kernel said so.
        case reboot
        /// The machine was reset and the kernel said nothing: a triple fault, for one.
        case silentReset
        /// The kernel reported trouble, which then ended the machine or came before its end.
        case crash(CrashReport)
        /// QEMU learnt of a panic (pvpanic, s390, ppc64) that the console did not show.
        case panic
        /// qsh ended QEMU at this rung of ``Machine/shutdown(limits:)``.
        case stopped(ShutdownStep)
        /// ``Machine/kill()``.
        case killed
        /// QEMU could not go on running the guest, and would have stayed for ever.
        case internalError
        /// Somebody else asked QEMU to end, by a signal or over QMP.
        case terminated
        /// QEMU ended by itself without a word, or was killed.
        case died(ProcessExit)
    }

    /// Why QEMU ended.
    public var cause: Cause
    /// How QEMU's process ended; its status is 0 for a panic too.
    public var process: ProcessExit
    /// Bytes that the guest printed.
    public var consoleBytes: Int
    /// From the start of QEMU to its end.
    public var elapsed: Duration

    /// Which of the closed set of verdicts this is.
    public var verdict: Verdict {
        switch cause {
        case .powerOff, .reboot, .stopped, .killed: .ok
        case .silentReset: consoleBytes == 0 ? .noOutput : .panic
        case .crash(let report): report.cause?.kind.verdict ?? .oops
        case .panic: .panic
        case .internalError, .terminated, .died: .qemuDied
        }
    }
}

/// The rungs of a shutdown, from the mildest.
public enum ShutdownStep: String, Sendable, CaseIterable {
    /// The guest switched itself off when the agent, or else SysRq, told it to.
    case guest
    /// QMP's `system_powerdown`: the power button.
    case powerButton = "power button"
    /// QMP's `quit`.
    case quit
    /// SIGTERM.
    case terminate = "SIGTERM"
    /// SIGKILL.
    case kill = "SIGKILL"
}

/// What is known of a run when QEMU has gone and console and QMP have been drained.
struct MachineObservations: Equatable {
    /// How QEMU's process ended.
    var process: ProcessExit
    /// The `reason` of QMP's last `SHUTDOWN` event.
    var shutdownReason: String?
    /// Whether QMP's `GUEST_PANICKED` came.
    var guestPanicked = false
    /// Whether QEMU reported the status `internal-error`.
    var hadInternalError = false
    /// The rung of a shutdown that was reached, or nil where none was begun.
    var shutdownStep: ShutdownStep?
    /// Whether ``Machine/kill()`` was called.
    var wasKilled = false
    /// The first report of a kind that ends waits, unless the recipe expected it.
    var crash: CrashReport?
    /// Whether the recipe said beforehand that the kernel will panic, and it did.
    var panicWasExpected = false
    /// The newest lines of the console.
    var lastLines: [String] = []

    /// QEMU's own status says nothing (it is 0 for power-off, reset, panic and SIGTERM alike), so
    /// the event's reason is paired with what the console showed.
    var cause: MachineExit.Cause {
        if hadInternalError { return .internalError }
        if let crash { return .crash(crash) }
        if guestPanicked || shutdownReason == "guest-panic" {
            return panicWasExpected ? .reboot : .panic
        }
        switch shutdownReason {
        case "guest-shutdown": return .powerOff
        // A panic that the recipe provokes ends in a reset too.
        case "guest-reset": return saidReboot || panicWasExpected ? .reboot : .silentReset
        case let reason?:
            if wasKilled { return .killed }
            // `host-qmp-system-reset` is a reset like the guest's own.
            if reason.hasSuffix("reset") { return .reboot }
            return shutdownStep.map { .stopped($0) } ?? .terminated
        case nil:
            if wasKilled { return .killed }
            if let shutdownStep { return ending(shutdownStep) }
            // riscv64 sends no event at a power-off (QEMU 7.2), but its kernel says so.
            guard process == .exited(0) else { return abortedByPanic ? .panic : .died(process) }
            if saidPowerOff || saidHalt { return .powerOff }
            return saidReboot ? .reboot : .died(process)
        }
    }

    private func ending(_ step: ShutdownStep) -> MachineExit.Cause {
        switch step {
        case .guest, .powerButton: process == .exited(0) ? .powerOff : .died(process)
        case .quit, .terminate, .kill: .stopped(step)
        }
    }

    // Printed at the level "emergency" (kernel/reboot.c), so that no log level hides them.
    private var saidReboot: Bool { says("reboot: Restarting system") }
    /// A user-mode kernel, which has no machine to switch off, says only this.
    private var saidHalt: Bool { says("reboot: System halted") }
    /// A user-mode kernel's panic ends its process by abort(3).
    private var abortedByPanic: Bool {
        process == .signalled(SIGABRT) && says("Kernel panic - not syncing: ")
    }
    private var saidPowerOff: Bool { says("reboot: Power down") }

    private func says(_ words: String) -> Bool { lastLines.contains { $0.contains(words) } }
}
