import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: Guest.missing == nil, Guest.missing))
struct MachineBootTests {
    init() { TestLoop.start() }

    @Test @LoopActor func bootsToThePromptRunsACommandAndPowersOff() async throws {
        let guest = try await Guest(hasAgent: true)
        let machine = try await guest.boot()
        try await machine.console.expectPrompt()

        let commands = try #require(machine.commands)
        try await commands.waitUntilConnected(until: .after(.seconds(30)))
        let result = try await commands.execute(
            GuestCommand(.shell("uname -r; echo no >&2; exit 3")), until: .after(.seconds(30)))
        let exit = try await machine.shutdown()

        let release =
            try KernelImage.identify(
                try #require(guest.configuration.kernel)
            ).release ?? ""
        #expect(String(decoding: result.stdout, as: UTF8.self) == release + "\n")
        #expect(String(decoding: result.stderr, as: UTF8.self) == "no\n")
        #expect(result.code == 3)
        #expect(exit.cause == .powerOff)
        #expect(exit.verdict == .ok)
        #expect(machine.failure == nil)
        #expect(machine.qmp.version?.count == 3)
    }

    @Test @LoopActor func switchesAGuestWithoutAnAgentOff() async throws {
        let guest = try await Guest()
        let machine = try await guest.boot()
        try await machine.console.expectPrompt()

        let exit = try await machine.shutdown()

        #expect(exit.cause == .powerOff)
        #expect(exit.elapsed < .seconds(60))
    }

    @Test @LoopActor func aPanicIsTheVerdict() async throws {
        let guest = try await Guest()
        let machine = try await guest.boot()
        try await machine.console.expectPrompt()
        try await machine.console.sendline("echo c > /proc/sysrq-trigger")

        let exit = try await machine.wait(until: .after(.seconds(30)))

        #expect(exit.verdict == .panic)
        let diagnostic = try #require(machine.failure?.diagnostic)
        #expect(diagnostic.verdict == .panic)
        #expect(diagnostic.message.hasPrefix("the kernel panicked: "))
        #expect(diagnostic.reproduce == machine.reproduce)
        #expect(diagnostic.notes.contains { $0.hasPrefix("the kernel's report:\n") })
    }

    @Test @LoopActor func anInitThatExitsIsAPanicWithItsCode() async throws {
        let guest = try await Guest(initScript: "#!/bin/sh\nexit 7\n")
        let machine = try await guest.boot()

        let exit = try await machine.wait(until: .after(.seconds(60)))

        #expect(exit.verdict == .panic)
        #expect(machine.failure?.diagnostic.hint == "init ended with exit code 7")
    }

    @Test @LoopActor func aRebootIsTold() async throws {
        let guest = try await Guest(initScript: "#!/bin/sh\nreboot -f\n")
        let machine = try await guest.boot()

        let exit = try await machine.wait(until: .after(.seconds(60)))

        #expect(exit.cause == .reboot)
    }

    @Test @LoopActor func aKilledQEMUEndsEveryWait() async throws {
        let guest = try await Guest()
        let machine = try await guest.boot()
        _ = try await machine.console.expect("Linux version")
        var hasEnded = false
        let waiting = LoopActor.task {
            do throws(ConsoleError) {
                _ = try await waitForever(machine.console)
            } catch {
                if case .ended = error { hasEnded = true }
            }
        }
        await Task.yield()
        kill(machine.pid, SIGKILL)

        let exit = try await machine.wait(until: .after(.seconds(1)))
        await waiting.value

        #expect(hasEnded)
        #expect(exit.cause == .died(.signalled(SIGKILL)))
        let diagnostic = try #require(machine.failure?.diagnostic)
        #expect(diagnostic.message == "QEMU died: it was killed by signal 9 (SIGKILL)")
        #expect(diagnostic.verdict == .qemuDied)
        await #expect(throws: QMPError.self) {
            try await machine.qmp.execute("query-status", until: .after(.seconds(5)))
        }
    }

    @Test @LoopActor func aBadArgumentIsToldInQEMUsWords() async throws {
        var guest = try await Guest()
        guest.configuration.args = ["-device", "no-such-device"]

        let error = await #expect(throws: MachineError.self) { try await guest.boot() }

        let diagnostic = try #require(error?.diagnostic)
        #expect(
            diagnostic.message
                == "QEMU did not start: -device no-such-device: "
                + "'no-such-device' is not a valid device model name")
        #expect(diagnostic.verdict == .qemuDidNotStart)
        #expect(diagnostic.reproduce?.hasPrefix("qemu-system-x86_64 -accel tcg ") == true)
        #expect(try guest.runs.list().isEmpty)
    }

    @Test @LoopActor func aKernelWithoutAConsoleIsToldByName() async throws {
        var guest = try await Guest()
        guest.configuration.append.set("console", "null")
        guest.configuration.append = KernelCommandLine("console=tty9 quiet")
        let machine = try await guest.boot()

        let error = await #expect(throws: MachineError.self) {
            try await machine.wait(until: .after(.milliseconds(1500)))
        }
        await machine.kill()

        let diagnostic = try #require(error?.diagnostic)
        #expect(diagnostic.verdict == .noOutput)
        #expect(
            diagnostic.message == "the machine printed nothing in 1.5 s, and still runs")
        #expect(
            diagnostic.hint == "name the serial port in `append`, such as `console=ttyS0`")
        #expect(machine.exit?.cause == .killed)
    }

    @Test @LoopActor func aRootWithoutAnInitIsToldBeforeBoot() async throws {
        let guest = try await Guest()
        var root = InitramfsTree()
        try root.addFile("etc/motd", text: "hello")

        let error = await #expect(throws: InitramfsError.self) {
            try await guest.boot(root: root)
        }

        #expect(error?.diagnostic.message.contains("`/init`") == true)
    }

    @Test(.enabled(if: access("/dev/kvm", R_OK | W_OK) == 0, "/dev/kvm does not open"))
    @LoopActor func aGuestThatKVMDoesNotRunIsStartedAgainUnderTCG() async throws {
        var guest = try await Guest()
        guest.configuration.accel = .auto
        var log: [String] = []
        // The probe is told that all is well: on a host where KVM only seems to work, the guest
        // stays silent or stops; where it does work, the first start serves.
        let machine = try await guest.boot(kvm: { .trusted }, log: { log.append($0) })
        try await machine.console.expectPrompt()
        try await machine.shutdown()

        #expect(log.first == "accelerator: kvm: /dev/kvm works on this host")
        #expect(machine.accelerator.accelerator == (log.count == 1 ? .kvm : .tcg))
        #expect(log.dropFirst().allSatisfy { $0.hasPrefix("accelerator: tcg: ") })
    }

    @Test @LoopActor func killAndShutdownEndAGuestThatHangs() async throws {
        // The loop ignores the power button, and there is no agent.
        let guest = try await Guest(initScript: "#!/bin/sh\nwhile :; do :; done\n")
        let machine = try await guest.boot()
        _ = try await machine.console.expect("Run /init")
        var limits = Machine.ShutdownLimits()
        limits.guest = .milliseconds(50)
        limits.powerButton = .milliseconds(50)

        let exit = try await machine.shutdown(limits: limits)

        #expect(exit.verdict == .ok)
        #expect([.stopped(.quit), .powerOff].contains(exit.cause))
    }

    @Test @LoopActor func droppingAMachineKillsQEMUAndMarksItsFolderDead() async throws {
        let guest = try await Guest()
        var machine: Machine? = try await guest.boot()
        let pid = try #require(machine?.pid)
        #expect(try guest.runs.list().map(\.isLive) == [true])
        #expect(try guest.runs.list().map(\.pid) == [pid])

        machine = nil

        let deadline = Deadline.after(.seconds(1))
        let changed = Broadcast()
        while kill(pid, 0) == 0, !deadline.hasPassed {
            _ = try await changed.wait(until: .after(.milliseconds(5))) { false }
        }
        #expect(kill(pid, 0) == -1)
        #expect(try !guest.runs.list().contains { $0.isLive })
    }

    @Test @LoopActor func twoMachinesRunSideBySide() async throws {
        let guest = try await Guest()
        let first = try await guest.boot()
        let second = try await guest.boot()

        async let one: Void = first.console.expectPrompt()
        async let two: Void = second.console.expectPrompt()
        _ = try await (one, two)
        let exits = try await [first.shutdown(), second.shutdown()]

        #expect(exits.map(\.cause) == [.powerOff, .powerOff])
    }
}

@LoopActor
private func waitForever(_ console: Console) async throws(ConsoleError) {
    do {
        _ = try await console.expect("never", limits: ExpectLimits(total: nil))
    } catch let error as ConsoleError {
        throw error
    } catch {
        Issue.record(error)
    }
}

extension KVMFacts {
    /// A host that shows no reason for doubt.
    fileprivate static var trusted: KVMFacts {
        var facts = KVMFacts.ofHost()
        facts.cpuFlags.insert("svm")
        for leaf: UInt32 in [1, 0x8000_0001] { facts.leaves[leaf] = .init(ecx: .max, edx: .max) }
        return facts
    }
}
