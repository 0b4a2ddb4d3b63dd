import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// Every way in which a machine's run may end, each by a real guest, seen from outside: exit code,
/// first line, last lines, transcript, command and hint.
@Suite(
    .serialized,
    .enabled(if: Command.locate("qemu-system-x86_64") != nil, "no qemu-system-x86_64"))
struct VerdictTests {
    private func run(
        _ rest: String, options: String = "", root: String = "{ busybox = true }"
    ) async throws -> QshRun.Outcome {
        try await QshRun(
            recipe: """
                local kernel = qsh.kernel.find()
                local root = qsh.initramfs.new \(root)
                if MODULES then root:modules(kernel, MODULES) end
                local m <close> = qsh.machine.boot {
                  kernel = kernel, initramfs = root, accel = "tcg", \(options)
                }
                -- Writes a register of the processor, which the kernel needs as it was.
                local function break_register(number, bytes)
                  m.console:expect("[rootfs ]#")
                  m.console:sendline("modprobe msr; dmesg -n 8")
                  m.console:expect("[rootfs ]#")
                  m.console:sendline(("printf '%s' | dd of=/dev/cpu/0/msr bs=8 seek=%d "
                    .. "oflag=seek_bytes conv=notrunc"):format(bytes, number))
                end
                \(rest)
                """.replacing(
                    "if MODULES then root:modules(kernel, MODULES) end",
                    with: rest.contains("break_register(")
                        ? "root:modules(kernel, { \"msr\" })" : "")
        ).finish()
    }

    /// What every failure of a machine tells.
    private func expect(
        _ run: QshRun.Outcome, status: Int32, error: String, notes: [String] = [],
        hint: String? = nil, _ location: SourceLocation = #_sourceLocation
    ) {
        let lines = run.stderr.split(separator: "\n").map(String.init)
            .drop { $0.hasPrefix("qsh: ") }
        #expect(run.status == status, "\(run.stderr)", sourceLocation: location)
        #expect(
            lines.first?.hasPrefix("error: " + error) == true, "\(run.stderr)",
            sourceLocation: location)
        for note in notes + ["  reproduce: qemu-system-x86_64 "] {
            #expect(
                lines.contains { $0.hasPrefix(note) }, "\(note): \(run.stderr)",
                sourceLocation: location)
        }
        if let hint {
            #expect(
                lines.contains("  hint: " + hint), "\(run.stderr)", sourceLocation: location)
        }
    }

    private static let transcript = "  note: the whole console is in `"

    @Test func panic() async throws {
        let run = try await run(
            #"m.console:expect("[rootfs ]#") m.console:sendline("echo c >/proc/sysrq-trigger") "#
                + "m:wait()")

        expect(
            run, status: 3, error: "the kernel panicked: sysrq triggered crash",
            notes: ["  note: the kernel's report:", Self.transcript])
    }

    /// The address of the system call's entry is gone: the next call is a fault in the kernel.
    @Test func oopsThatBecomesAPanic() async throws {
        let run = try await run(
            #"break_register(0xC0000082, ("\\000"):rep(8)) m.console:expect("never")"#)

        expect(
            run, status: 3,
            error: "console: expected `never` but the kernel panicked: Fatal exception",
            notes: ["  note: the kernel's report:", Self.transcript])
        #expect(run.stderr.contains("PANIC: double fault"))
        #expect(run.stderr.contains("---[ end trace"))
    }

    /// The guest's root writes the lines of an oops through `/dev/kmsg`, so that the kernel prints
    /// them: no kernel at hand has a way to oops and to live on.
    @Test func oopsThatTheGuestSurvives() async throws {
        let run = try await run(
            #"m.console:expect("[rootfs ]#") m.console:sendline("for line in "#
                + #"'BUG: kernel NULL pointer dereference, address: 0000000000000008' "#
                + #"'Oops: 0002 [#1] PREEMPT SMP NOPTI' '---[ end trace 0000000000000000 ]---'; "#
                + #"do echo \"<1>$line\" >/dev/kmsg; done") m.console:expect("never")"#)

        expect(
            run, status: 3,
            error: "console: expected `never` but the kernel crashed: "
                + "kernel NULL pointer dereference, address: 0000000000000008",
            notes: ["  note: the kernel's report:", "  note: the machine still runs"])
    }

    /// The processor's interrupt controller is switched off: no interrupt comes any more.
    @Test func hangWithoutInterrupts() async throws {
        let run = try await run(
            #"break_register(0x1B, "\\000\\001\\340\\376\\000\\000\\000\\000") "#
                + #"m.console:expect("never", { timeout = 2 })"#)

        expect(
            run, status: 124,
            error: "the kernel hangs: not even the agent in the guest has answered within 4.0 s",
            notes: [
                "  note: console: expected `never` but saw no match in 4.0 s",
                "  note: the machine still runs", "  note: last 20 lines:", Self.transcript,
            ],
            hint: "look where it is: `machine:gdb()`, or boot with `nmi_watchdog=1 "
                + "softlockup_panic=1`")
    }

    @Test func hangInUserSpace() async throws {
        let run = try await run(
            #"m.console:expect("Run /init") m.console:expect("login:", { silence = 2 })"#,
            options: "agent = false,",
            root: ##"{ busybox = true, init = "#!/bin/sh\nwhile :; do :; done\n" }"##)

        expect(
            run, status: 124, error: "console: expected `login:` but saw no output for 4.0 s",
            notes: ["  note: the machine still runs", Self.transcript],
            hint: "hold the last lines against what was waited for, or raise `timeout`")
    }

    @Test func noOutput() async throws {
        let run = try await run(
            "m:wait { timeout = 2 }", options: #"append = "console=ttyS3","#)

        expect(
            run, status: 124, error: "the machine printed nothing in ",
            hint: "name the serial port in `append`, such as `console=ttyS0`")
    }

    @Test func qemuKilled() async throws {
        let run = try await run(
            #"m.console:expect("Linux version") os.execute("kill -9 " .. m.pid) "#
                + #"m.console:expect("[rootfs ]#")"#)

        expect(
            run, status: 69, error: "QEMU died: it was killed by signal 9 (SIGKILL)",
            notes: [Self.transcript],
            hint: "if nobody killed it, the host ran out of memory: see `dmesg`")
    }

    @Test func qemuRefused() async throws {
        let run = try await run("", options: #"args = { "-device", "no-such-device" },"#)

        expect(
            run, status: 69, error: "QEMU did not start: -device no-such-device: ",
            hint: "list what there is: `qemu-system-… -device help`")
    }

    @Test func guestPowersOff() async throws {
        let run = try await run(
            #"m.console:expect("[rootfs ]#") m.console:sendline("poweroff -f") print(m:wait())"#)

        #expect(run.stdout == "ok\n", "\(run.stderr)")
        #expect(run.status == 0)
    }

    @Test func guestReboots() async throws {
        let run = try await run(
            #"m.console:expect("[rootfs ]#") m.console:sendline("reboot -f") print(m:wait())"#)

        #expect(run.stdout == "ok\n", "\(run.stderr)")
        #expect(run.status == 0)
    }
}
