import Testing

@testable import QshRuntime

/// Lines as kernels print them, by architecture and version.
@Suite struct CrashWordingTests {
    @Test(arguments: [
        // x86
        ("BUG: unable to handle page fault for address: ffffffffc0000000", CrashKind.oops),
        ("BUG: unable to handle kernel paging request at ffffffffc0000000", .oops),
        ("Oops: Oops: 0002 [#1] SMP NOPTI", .oops),
        (
            "Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1]",
            .oops
        ),
        ("invalid opcode: 0000 [#1] SMP PTI", .oops), ("int3: 0000 [#1] SMP", .oops),
        ("stack segment: 0000 [#2] PREEMPT SMP", .oops),
        ("traps: PANIC: double fault, error_code: 0x0", .oops),
        ("BUG: #DF stack guard page was hit at 00000000 (stack is 0..1)", .stackOverflow),
        ("BUG: IRQ stack guard page was hit at 00000000 (stack is 0..1)", .stackOverflow),
        // arm64, arm
        ("Unable to handle kernel paging request at virtual address ffff800008", .oops),
        ("Internal error: Oops - BUG: 00000000f2000800 [#1] SMP", .oops),
        ("Internal error: synchronous external abort: 96000210 [#1] SMP", .oops),
        ("Internal error: Oops: 805 [#1] SMP ARM", .oops),
        ("Internal error: : 1406 [#1] SMP ARM", .oops),
        ("SError Interrupt on CPU0, code 0x00000000bf000002 -- SError", .oops),
        ("Insufficient stack space to handle exception!", .stackOverflow),
        ("Internal error: kernel stack overflow: 0 [#1] SMP ARM", .stackOverflow),
        ("Kernel BUG at [verbose debug info unavailable]", .bug),
        // mips, loongarch
        (
            "CPU 0 Unable to handle kernel paging request at virtual address 0, epc == 8, ra == 9",
            .oops
        ),
        ("Oops[#1]:", .oops), ("Kernel bug detected[#1]:", .bug),
        ("Reserved instruction in kernel code[#1]:", .oops),
        ("Unhandled kernel unaligned access[#1]:", .oops),
        // powerpc
        ("BUG: Kernel NULL pointer dereference on read at 0x00000000", .oops),
        ("BUG: Unable to handle kernel data access on write at 0xc000", .oops),
        ("Oops: Kernel access of bad area, sig: 11 [#1]", .oops),
        ("Oops: Exception in kernel mode, sig: 5 [#1]", .oops),
        ("watchdog: CPU 0 detected hard LOCKUP on other CPUs 1", .hardLockup),
        ("watchdog: CPU 1 self-detected hard LOCKUP @ arch_spin_lock+0x1/0x2", .hardLockup),
        // riscv, s390, others
        ("Oops [#1]", .oops), ("Oops - illegal instruction [#1]", .oops),
        ("Kernel BUG [#1]", .bug),
        ("Unable to handle kernel pointer dereference in virtual kernel address space", .oops),
        ("Oops: 0004 ilc:2 [#1] SMP", .oops), ("illegal operation: 0001 ilc:1 [#1] SMP", .oops),
        ("monitor event: 0040 ilc:2 [#1] SMP", .oops),
        ("Unknown program exception: 0028 [#1] SMP", .oops),
        ("insmod(92): Kernel bad sw trap 5 [#1]", .oops),
        // lockups and stalls
        ("rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-.... }", .rcuStall),
        ("INFO: rcu_sched self-detected stall on CPU { 0}", .rcuStall),
        ("rcu: INFO: rcu_tasks detected stalls on tasks:", .rcuStall),
        ("INFO: task sh:80 blocked in I/O wait for more than 120 seconds.", .hungTask),
        ("NMI watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [insmod:92]", .softLockup),
        ("NMI watchdog: Watchdog detected hard LOCKUP on cpu 1", .hardLockup),
        ("BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 30s!", .workqueue),
        // lockdep, sanitizers, memory
        ("WARNING: inconsistent lock state", .lockdep),
        ("WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", .lockdep),
        ("WARNING: sh/80 still has locks held!", .lockdep),
        ("WARNING: chain_key collision", .lockdep),
        ("BUG: key ffff8881 has not been registered!", .lockdep),
        ("[ BUG: Invalid wait context ]", .lockdep),
        ("[ INFO: possible circular locking dependency detected ]", .lockdep),
        ("BUG: KFENCE: use-after-free read in f+0x1/0x2", .kfence),
        ("BUG: KCSAN: data-race in f / g", .kcsan),
        ("UBSAN: array-index-out-of-bounds in kernel/a.c:1:2", .ubsan),
        ("BUG: Bad page state in process sh  pfn:1234", .bug),
        ("BUG: spinlock bad magic on CPU#0, sh/80", .bug),
        ("Memory cgroup out of memory: Killed process 9 (tail) total-vm:1kB", .oomKill),
        // warnings, old and new
        ("WARNING: CPU: 3 PID: 43 at cfg80211_probe_status+0x54c/0x750 [cfg80211]", .warning),
        ("WARNING: kernel/fork.c:20 at f+0x1/0x2, CPU#0: swapper/0/1", .warning),
    ])
    func isTold(text: String, kind: CrashKind) {
        #expect(CrashClassifier.classify(Array(text.utf8)[...])?.kind == kind)
    }

    @Test(arguments: [
        "traps: sh[80] general protection fault ip:7f00 sp:7f01 error:0 in busybox[400000+1000]",
        "clocksource: timekeeping watchdog on CPU1: Marking clocksource 'tsc' as unstable",
        "rcu: INFO: Stall ended before state dump start", "INFO: lockdep is turned off.",
        "hrtimer: interrupt took 5000000 ns", "Modules linked in: a(OE) [last unloaded: b]",
        "---[ end Kernel panic - not syncing: Fatal exception ]---",
        "NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
        "rcu: rcu_preempt kthread starved for 5250 jiffies! g1 f0x0", "ACPI BIOS Error (bug): x",
        "ACPI BIOS Warning (bug): Optional FADT field", "pci 0000:00:01.0: [Firmware Bug]: reg",
        "[Firmware Bug]: TSC_DEADLINE disabled", "WARNING! power/level is deprecated",
        "Spectre V2 : WARNING: Unprivileged eBPF is enabled", "printk: console [ttyS0] enabled",
        "WARNING: No console found at ttyS9", "User process fault: interruption code 003b ilc:3",
        "CPU: 0 UID: 0 PID: 92 Comm: insmod Not tainted 6.12.0 #1 [#", "OOM killer enabled.",
        "Freeing unused kernel image (initmem) memory: 2640K", "BUGS: none", "[#1]",
        // The `BUG: unable to handle …` comes next.
        "kernel tried to execute NX-protected page - exploit attempt? (uid: 0)",
        "Kernel attempted to write user page (0) - exploit attempt? (uid: 0)",
        // Their `WARNING: ` or `kernel BUG at ` comes next.
        "refcount_t: addition on 0; use-after-free.",
        "list_del corruption, ffffffffc05ba400->next is LIST_POISON1 (dead000000000100)",
        "insmod: vmalloc error: size 400000000000, exceeds total pages, mode:0xcc0(GFP_KERNEL)",
        "qshsegv[91]: segfault at 0 ip 000000000040161e sp 00007ffc5f6137f0 error 6 in qshsegv",
    ])
    func isHarmless(text: String) {
        #expect(CrashClassifier.classify(Array(text.utf8)[...]) == nil)
    }

    private func reports(_ log: String) -> [CrashReport] {
        ConsoleTriage(of: Array(log.utf8)).reports
    }

    @Test func aReportBeginsWithItsFrameAndEndsWithItsTrace() {
        let found = reports(
            """
            [    1.000000] list_add corruption. next->prev should be prev
            [    1.100000] ------------[ cut here ]------------
            [    1.100001] kernel BUG at lib/list_debug.c:23!
            [    1.100002] invalid opcode: 0000 [#1] SMP
            [    1.100003]  </TASK>
            [    1.100004] ---[ end trace 0000000000000000 ]---
            [    1.200000] EXT4-fs (vda): mounted

            """)

        #expect(found.count == 1)
        #expect(found.first?.events.map(\.kind) == [.bug, .oops])
        #expect(found.first?.lines.count == 5)
        #expect(found.first?.isComplete == true)
    }

    @Test func aReportWithoutAnEndIsOverWhenTheKernelsClockHasGoneOn() {
        let found = reports(
            """
            [  100.000000] INFO: task sh:80 blocked for more than 10 seconds.
            [  100.000001] task:sh state:D
            [  100.000002]  </TASK>
            [  110.000000] INFO: task sh:80 blocked for more than 20 seconds.
            [  110.000001]  </TASK>
            [  110.500000] usb 1-1: new device

            """)

        #expect(found.map(\.lines.count) == [3, 2])
    }

    @Test func linesOfEqualSignsFrameASanitizersReport() {
        let found = reports(
            """
            [    1.000000] ==================================================================
            [    1.000001] BUG: KASAN: slab-out-of-bounds in f+0x1/0x2
            [    1.000002] Read of size 1 at addr ffff by task sh/80
            [    1.000003] ==================================================================
            [    1.000004] Disabling lock debugging due to kernel taint

            """)

        #expect(found.map(\.lines.count) == [4])
    }

    @Test(arguments: [
        "", "<4>", "[Mon Nov 23 02:35:57 2026] ", "Nov 23 02:35:57 host kernel: ",
        "2026-11-23T02:35:57+0000 host kernel: ", "[    5.000000] host kernel: ",
        "[    5.000000][    T1] ", "<0>[    5.000000] ", "kern  :emerg : [    5.000000] ",
    ])
    func everyFormOfALogIsRead(head: String) {
        let log = ["Linux version 6.1.0", "Oops [#1]", "Modules linked in:"]
            .map { "\(head)\($0)\r\n" }.joined()

        #expect(ConsoleTriage.events(in: Array(log.utf8)).map(\.line) == [2])
    }

    @Test func wordsAloneInSomebodysTextAreNoCrash() {
        let text = "I saw this:\nKernel panic - not syncing: x\nand asked why\n"

        #expect(ConsoleTriage.events(in: Array(text.utf8)) == [])
    }
}
