import TestSupport
import Testing

@testable import QshRuntime

@Suite struct ConsoleCrashTests {
    init() { TestLoop.start() }

    private static func fixture(_ name: String) throws -> [UInt8] {
        try Fixture.bytes("transcripts/x86_64-debian-6.1.176-cloud-\(name).txt")
    }

    /// Waits for a prompt that never comes.
    @LoopActor
    private func crash(
        _ text: [UInt8], _ configuration: ConsoleConfiguration = .quick, ends: Bool = true
    ) async throws -> CrashReport? {
        let guest = FakeGuest(configuration)
        guest.prints(text)
        if ends { guest.dies() }
        do {
            _ = try await guest.console.expect("never printed", limits: .init(total: .seconds(20)))
        } catch ConsoleError.crashed(let report, _) {
            return report
        } catch ConsoleError.ended {
            return nil
        }
        return nil
    }

    @Test @LoopActor func anOopsThatBecomesAPanicIsOneReport() async throws {
        let report = try await crash(ConsoleCrashTests.fixture("oops-panic_on_oops"))

        #expect(report?.cause?.detail == "Fatal exception")
        #expect(report?.events.map(\.kind) == [.oops, .oops, .panic])
        #expect(report?.lines.count == 55)
        #expect(
            report?.lines.first?.hasSuffix(
                "BUG: kernel NULL pointer dereference, "
                    + "address: 0000000000000000") == true)
        #expect(report?.isTruncated == false)
    }

    @Test @LoopActor func theWaitEndsWithoutTheEndOfTheStream() async throws {
        let report = try await crash(ConsoleCrashTests.fixture("no-rootfs-panic"), ends: false)

        #expect(report?.cause?.kind == .panic)
    }

    @Test @LoopActor func aWarningEndsNoWait() async throws {
        #expect(try await crash(ConsoleCrashTests.fixture("warn")) == nil)
    }

    @Test @LoopActor func anExpectedOopsEndsNoWait() async throws {
        var configuration = ConsoleConfiguration.quick
        configuration.expected = ["divide error"]

        #expect(try await crash(ConsoleCrashTests.fixture("divide-error"), configuration) == nil)
    }

    @Test @LoopActor func fatalKindsAreAChoice() async throws {
        var configuration = ConsoleConfiguration.quick
        configuration.fatal = [.warning]

        let report = try await crash(ConsoleCrashTests.fixture("warn"), configuration)

        #expect(report?.cause?.kind == .warning)
    }

    @Test @LoopActor func aRecipeMayWaitForThePanicItself() async throws {
        let guest = FakeGuest(.quick)
        guest.prints(try ConsoleCrashTests.fixture("no-rootfs-panic"))

        let result = try await guest.console.expect("Kernel panic - not syncing")

        #expect(result.source == .kernel)
        await #expect(throws: ConsoleError.self) { try await guest.console.expect("never") }
    }

    @Test @LoopActor func whatWasPrintedBeforeThePanicStillMatches() async throws {
        let guest = FakeGuest(.quick)
        let wait = LoopActor.task {
            let result = try? await guest.console.expect("login:")
            #expect(result?.match.text == "login:")
        }
        await Task.yield()
        guest.prints("login:[    2.000000] Kernel panic - not syncing: x\r\n")
        await wait.value
    }

    @Test @LoopActor func aPromptBehindThePanicDoesNot() async throws {
        let text = "[    2.000000] Kernel panic - not syncing: x\r\nnever printed"
        let guest = FakeGuest(.quick)
        var error: (any Error)?
        let wait = LoopActor.task {
            do { _ = try await guest.console.expect("never printed") } catch let caught {
                error = caught
            }
        }
        while guest.console.wait == nil { await Task.yield() }
        guest.prints(text)
        await wait.value

        guard case .crashed? = error as? ConsoleError else {
            Issue.record("expected a crash, got \(String(describing: error))")
            return
        }
    }

    @Test @LoopActor func anEchoOfThePanicsWordsIsNone() async throws {
        let text =
            "[    1.000000] Run /init\r\n# echo Kernel panic - not syncing: x\r\n"
            + "Kernel panic - not syncing: x\r\nCPU: 0\r\n# "

        #expect(try await crash(Array(text.utf8)) == nil)
    }

    @Test @LoopActor func anotherDmesgOfAnOldOopsIsNone() async throws {
        let guest = FakeGuest(.quick)
        var events = 0
        guest.console.onCrashEvent = { _ in events += 1 }
        let oops = "[    3.000000] Oops: 0002 [#1] SMP\r\n[    3.100000] ---[ end trace 0 ]---\r\n"
        guest.prints(oops + "# dmesg\r\n" + oops + "# ")

        #expect(events == 1)
        #expect(guest.console.reports.count == 1)
    }

    @Test @LoopActor func aKernelWithoutStampsPanicsToo() async throws {
        let text =
            "Run /init as init process\r\n"
            + "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100\r\n"
            + "CPU: 0 PID: 1 Comm: init Not tainted 6.1.0 #1\r\n"

        let report = try await crash(Array(text.utf8), ends: false)

        #expect(report?.cause?.kind == .panic)
        #expect(report?.hint == "init ended with exit code 1")
    }

    @Test(arguments: [
        (
            "VFS: Unable to mount root fs on unknown-block(0,0)",
            "give the machine an `initramfs`, "
                + "or name the root with `root=` in `append`"
        ),
        (
            "Attempted to kill init! exitcode=0x00000000",
            "init ended with exit code 0: it must run as long as the machine"
        ),
        (
            "Attempted to kill init! exitcode=0x00007f00",
            "init ended with exit code 127: a program it runs was not found"
        ),
        ("Attempted to kill init! exitcode=0x0000000b", "init was killed by signal 11"),
        (
            "No working init found.  Try passing init= option to kernel.",
            "put an executable `/init` into the initramfs"
        ),
        (
            "Requested init /bin/x failed (error -2).",
            "the program named by `init=` or `rdinit=` is missing or cannot run: check its path, "
                + "mode and interpreter"
        ),
        ("Out of memory: compulsory panic_on_oom is enabled", "give the machine more `memory`"),
    ])
    func hints(detail: String, hint: String) {
        let event = CrashEvent(line: 1, kind: .panic, detail: detail)
        #expect(CrashReport(events: [event], lines: []).hint == hint)
    }

    @Test(arguments: [
        ("watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [sh:1]", CrashKind.softLockup),
        ("rcu: INFO: rcu_preempt self-detected stall on CPU", .rcuStall),
        ("rcu: INFO: rcu_sched detected stalls on CPUs/tasks:", .rcuStall),
        ("INFO: task sh:80 blocked for more than 120 seconds.", .hungTask),
        ("BUG: KASAN: slab-out-of-bounds in f+0x1/0x2", .kasan),
        ("WARNING: possible circular locking dependency detected", .lockdep),
        ("WARNING: at kernel/fork.c:20 f+0x1/0x2", .warning),
        ("UBSAN: shift-out-of-bounds in a.c:1:2", .ubsan),
        ("kernel BUG at lib/list_debug.c:26!", .bug),
        ("invalid opcode: 0000 [#1] PREEMPT SMP", .oops),
        ("Internal error: Oops: 0000000096000004 [#1] SMP", .oops),
        ("Unable to handle kernel NULL pointer dereference at virtual address 0", .oops),
        ("watchdog: CPU0: Watchdog detected hard LOCKUP on cpu 1", .hardLockup),
        ("BUG kmalloc-64 (Tainted: G B): Object already free", .slub),
        ("Out of memory: Killed process 9 (tail) total-vm:1kB", .oomKill),
        ("BUG: sleeping function called from invalid context at a.c:1", .sleepInAtomic),
    ])
    func kinds(text: String, kind: CrashKind) {
        #expect(CrashClassifier.classify(Array(text.utf8)[...])?.kind == kind)
    }

    @Test(arguments: [
        "acpi PNP0A08:00: use \"pci=nocrs\" and report a bug", "random: crng init done", "",
        "WARNING: x86_64_defconfig", "Oops", "BUG", "rcu: Hierarchical SRCU implementation.",
        "INFO: task", "watchdog: CPU0: enabled",
    ])
    func harmless(text: String) {
        #expect(CrashClassifier.classify(Array(text.utf8)[...]) == nil)
    }
}
