import Glibc
import Testing

@testable import QshRuntime

@Suite struct MachineExitTests {
    struct Case: Sendable {
        let name: String
        let see: @Sendable (inout MachineObservations) -> Void
        let cause: MachineExit.Cause
        let verdict: Verdict
        var consoleBytes = 1000
    }

    static let panic = CrashReport(
        events: [CrashEvent(line: 1, kind: .panic, detail: "Kernel panic - not syncing: x")],
        lines: ["[    1.0] Kernel panic - not syncing: x"])
    static let oops = CrashReport(
        events: [CrashEvent(line: 1, kind: .oops, detail: "BUG: kernel NULL pointer")],
        lines: ["[    1.0] BUG: kernel NULL pointer"])

    static let cases = [
        Case(
            name: "power-off", see: { $0.shutdownReason = "guest-shutdown" }, cause: .powerOff,
            verdict: .ok),
        Case(
            name: "reboot that the kernel told",
            see: {
                $0.shutdownReason = "guest-reset"
                $0.lastLines = ["[    2.1] reboot: Restarting system"]
            }, cause: .reboot, verdict: .ok),
        Case(
            name: "triple fault late", see: { $0.shutdownReason = "guest-reset" },
            cause: .silentReset, verdict: .panic),
        Case(
            name: "triple fault before the first byte",
            see: { $0.shutdownReason = "guest-reset" }, cause: .silentReset, verdict: .noOutput,
            consoleBytes: 0),
        Case(
            name: "panic that became a reset",
            see: {
                $0.shutdownReason = "guest-reset"
                $0.crash = panic
            }, cause: .crash(panic), verdict: .panic),
        Case(
            name: "oops, then an orderly power-off",
            see: {
                $0.shutdownReason = "guest-shutdown"
                $0.crash = oops
            }, cause: .crash(oops), verdict: .oops),
        Case(
            name: "panic over pvpanic only",
            see: {
                $0.shutdownReason = "guest-panic"
                $0.guestPanicked = true
            }, cause: .panic, verdict: .panic),
        Case(
            name: "panic, then killed by qsh",
            see: {
                $0.crash = panic
                $0.wasKilled = true
                $0.process = .signalled(SIGKILL)
            }, cause: .crash(panic), verdict: .panic),
        Case(
            name: "killed by qsh",
            see: {
                $0.wasKilled = true
                $0.process = .signalled(SIGKILL)
            }, cause: .killed, verdict: .ok),
        Case(
            name: "quit by qsh",
            see: {
                $0.shutdownReason = "host-qmp-quit"
                $0.shutdownStep = .quit
            }, cause: .stopped(.quit), verdict: .ok),
        Case(
            name: "SIGTERM by qsh",
            see: {
                $0.shutdownReason = "host-signal"
                $0.shutdownStep = .terminate
            }, cause: .stopped(.terminate), verdict: .ok),
        Case(
            name: "SIGKILL at the end of a shutdown",
            see: {
                $0.shutdownStep = .kill
                $0.process = .signalled(SIGKILL)
            }, cause: .stopped(.kill), verdict: .ok),
        Case(
            name: "power-off asked for by qsh",
            see: {
                $0.shutdownReason = "guest-shutdown"
                $0.shutdownStep = .guest
            }, cause: .powerOff, verdict: .ok),
        Case(
            name: "QEMU crashed during a shutdown",
            see: {
                $0.shutdownStep = .guest
                $0.process = .signalled(SIGSEGV)
            }, cause: .died(.signalled(SIGSEGV)), verdict: .qemuDied),
        Case(
            name: "SIGTERM by somebody", see: { $0.shutdownReason = "host-signal" },
            cause: .terminated, verdict: .qemuDied),
        Case(
            name: "SIGKILL by somebody", see: { $0.process = .signalled(SIGKILL) },
            cause: .died(.signalled(SIGKILL)), verdict: .qemuDied),
        Case(
            name: "QEMU failed", see: { $0.process = .exited(1) }, cause: .died(.exited(1)),
            verdict: .qemuDied),
        Case(
            name: "QEMU ended without an event", see: { _ in }, cause: .died(.exited(0)),
            verdict: .qemuDied),
        Case(
            name: "riscv64's power-off without an event",
            see: { $0.lastLines = ["[    3.0] reboot: Power down"] }, cause: .powerOff,
            verdict: .ok),
        Case(
            name: "internal error under kvm",
            see: {
                $0.hadInternalError = true
                $0.process = .signalled(SIGKILL)
            }, cause: .internalError, verdict: .qemuDied),
    ]

    @Test(arguments: cases) func everyEndHasItsVerdict(test: Case) {
        var observations = MachineObservations(process: .exited(0))
        test.see(&observations)

        let exit = MachineExit(
            cause: observations.cause, process: observations.process,
            consoleBytes: test.consoleBytes, elapsed: .seconds(1))

        #expect(exit.cause == test.cause, "\(test.name)")
        #expect(exit.verdict == test.verdict, "\(test.name)")
    }
}
