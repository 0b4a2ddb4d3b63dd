import Testing

/// Guests that go wrong: the verdict, its exit code, and what the user is told. Real machines.
@Suite(.serialized) struct BadGuestTests {
    private func boot(
        _ options: String, then rest: String, init script: String? = nil
    ) async throws -> QshRun.Outcome {
        let root = script.map { "{ busybox = true, init = \"\($0)\" }" } ?? "{ busybox = true }"
        return try await QshRun(
            recipe: """
                local m <close> = qsh.machine.boot {
                  kernel = qsh.kernel.find(), initramfs = qsh.initramfs.new \(root), accel = "tcg",
                  \(options)
                }
                \(rest)
                """
        ).finish()
    }

    private func expectShape(
        _ run: QshRun.Outcome, error: String, at line: Int, status: Int32,
        hint: String? = nil, _ location: SourceLocation = #_sourceLocation
    ) {
        let lines = run.stderr.split(separator: "\n").map(String.init)
            .drop { $0.hasPrefix("qsh: ") }
        #expect(lines.first == "error: " + error, "\(run.stderr)", sourceLocation: location)
        #expect(
            lines.dropFirst().first == "  at recipe.lua:\(line)", "\(run.stderr)",
            sourceLocation: location)
        if let hint {
            #expect(
                lines.contains("  hint: " + hint), "\(run.stderr)", sourceLocation: location)
        }
        #expect(
            lines.last?.hasPrefix("  reproduce: qemu-system-x86_64 ") == true, "\(run.stderr)",
            sourceLocation: location)
        #expect(run.status == status, sourceLocation: location)
    }

    @Test func aPanicEndsTheWaitAndIsTheCause() async throws {
        let run = try await boot(
            "",
            then: #"m.console:expect("[rootfs ]#")"# + "\n"
                + #"m.console:sendline("echo c > /proc/sysrq-trigger") m.console:expect("never")"#)

        expectShape(
            run,
            error: "console: expected `never` but the kernel panicked: sysrq triggered crash",
            at: 6, status: 3)
    }

    @Test func anInitThatExits() async throws {
        let run = try await boot("", then: "m:wait()", init: "#!/bin/sh\\nexit 3\\n")

        expectShape(
            run, error: "the kernel panicked: Attempted to kill init! exitcode=0x00000300", at: 5,
            status: 3, hint: "init ended with exit code 3")
    }

    @Test func aGuestThatPrintsNothing() async throws {
        let run = try await boot(
            #"append = "console=ttyS3","#,
            then: #"m.console:expect("[rootfs ]#", { timeout = 3 })"#)

        expectShape(
            run, error: "the machine printed nothing in 6.0 s, and still runs", at: 5, status: 124,
            hint: "name the serial port in `append`, such as `console=ttyS0`")
    }

    @Test func anExpectThatNeverMatches() async throws {
        let run = try await boot("", then: #"m.console:expect("never", { timeout = 2 })"#)

        expectShape(
            run, error: "console: expected `never` but saw no match in 4.0 s", at: 5, status: 124)
        #expect(run.stderr.contains("  note: the whole console is in `"))
    }

    @Test func anArgumentThatQEMURefuses() async throws {
        let run = try await boot(#"args = { "-bogus" },"#, then: "")

        expectShape(
            run, error: "QEMU did not start: -bogus: invalid option", at: 1, status: 69,
            hint: "look at `args`: this QEMU has no such option")
    }
}
