import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// Each error's whole text.
@Suite struct ConsoleErrorTests {
    init() { TestLoop.start() }

    private static let panicLines = """
        [    2.847843] Please append a correct "root=" boot option\r
        [    2.848179] Kernel panic - not syncing: VFS: Unable to mount root fs on \
        unknown-block(0,0)\r
        [    2.848477] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0\r

        """

    @LoopActor
    private func failure(
        _ guest: FakeGuest, _ text: String, _ limits: ExpectLimits
    ) async -> String {
        await failure { _ = try await guest.console.expect(text, limits: limits) }
    }

    @LoopActor
    private func failure(_ body: @LoopActor () async throws -> Void) async -> String {
        do {
            try await body()
            return "no error"
        } catch let error as any DiagnosticError {
            return error.diagnostic.whole
        } catch {
            return "another error: \(error)"
        }
    }

    @Test @LoopActor func timeout() async {
        let guest = FakeGuest()
        guest.console.describeState = { "the machine still runs" }
        guest.prints("\u{1B}[2Jbooting\r\n\u{1B}[6nC:\\> ")

        let text = await failure(guest, "[rootfs ]#", ExpectLimits(total: .milliseconds(50)))

        #expect(
            text == """
                timeout: console: expected `[rootfs ]#` but saw no match in 0.1 s
                note: the machine still runs
                note: last 2 lines:
                  booting
                  C:\\> 
                """)
    }

    @Test @LoopActor func silence() async {
        let guest = FakeGuest()

        let text = await failure(
            guest, "x", ExpectLimits(total: .seconds(50), silence: .milliseconds(100)))

        #expect(
            text == """
                timeout: console: expected `x` but saw no output for 0.1 s
                note: the console printed nothing
                """)
    }

    @Test @LoopActor func tooMuchOutput() async throws {
        let guest = FakeGuest()
        guest.prints("0123456789")

        let text = await failure(guest, "x", ExpectLimits(bytes: 5))

        #expect(
            text == """
                recipe-failed: console: expected `x` but saw no match in 5 bytes
                note: last line:
                  0123456789
                """)
    }

    @Test @LoopActor func endOfStream() async throws {
        let guest = FakeGuest()
        guest.prints("bye\r\n")
        guest.dies()

        let text = await failure {
            _ = try await guest.console.expect([.literal("a"), .lua("%d"), .literal("c")])
        }

        #expect(
            text == """
                recipe-failed: console: expected `a`, `%d` or `c` but the stream ended
                note: last line:
                  bye
                """)
    }

    @Test @LoopActor func panic() async throws {
        let guest = FakeGuest(.quick)
        _ = EventLoop.shared.at(.now) { guest.prints(ConsoleErrorTests.panicLines) }

        let text = await failure(guest, "[rootfs ]#", ExpectLimits())

        #expect(
            text == """
                panic: console: expected `[rootfs ]#` but the kernel panicked: \
                VFS: Unable to mount root fs on unknown-block(0,0)
                note: the kernel's report:
                  [    2.848179] Kernel panic - not syncing: VFS: Unable to mount root fs on \
                unknown-block(0,0)
                  [    2.848477] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0
                hint: give the machine an `initramfs`, or name the root with `root=` in `append`
                """)
    }

    @Test @LoopActor func lostAnswer() async throws {
        let guest = FakeGuest()
        guest.prints("Passphrase: ")
        _ = try await guest.console.expect("Passphrase:")
        guest.onTyped = { guest.prints(Array($0.dropLast()) + [13, 10]) }
        try await guest.console.sendline("secret")

        let text = await failure(guest, "ok", ExpectLimits(total: .milliseconds(10)))

        #expect(
            text == """
                timeout: console: expected `ok` but saw no match in 0.0 s
                note: `secret` was sent and came back as an echo, with nothing behind it
                note: last line:
                  Passphrase: secret
                hint: the program flushed its input: call `settle` before the answer, \
                or `expect` with `resend = 1`
                """)
    }

    @Test @LoopActor func unsettled() async {
        let guest = FakeGuest()

        let text = await failure {
            try await guest.console.settle(quiet: .seconds(5), limit: .milliseconds(20))
        }

        #expect(
            text == """
                timeout: console: expected no output for 5.0 s but it did not pause in 0.0 s
                note: the console printed nothing
                """)
    }

    @Test @LoopActor func nobodyToTypeTo() async {
        let guest = FakeGuest()
        guest.isDead = true

        let text = await failure { try await guest.console.send("x") }

        #expect(
            text == """
                recipe-failed: console: cannot send: the console has ended
                note: the console printed nothing
                """)
    }

    @Test @LoopActor func twoWaits() async throws {
        let guest = FakeGuest()
        let first = LoopActor.task { _ = try? await guest.console.expect("a") }
        await Task.yield()
        let text = await failure { _ = try await guest.console.expect("b") }
        guest.prints("a")
        await first.value

        #expect(
            text == """
                usage: console: expected one wait at a time, but one for `a` has not ended
                hint: give both patterns to one `expect`, as a list
                """)
    }

    @Test(arguments: [
        ("", "an empty pattern matches anywhere"),
        ("a%", "it ends with `%`, which must be followed by a character"),
        ("(a", "a `(` has no matching `)`"), ("a)", "a `)` has no matching `(`"),
        ("[a", "a `[` has no matching `]`"), ("[a%", "a `[` has no matching `]`"),
        ("%b(", "`%b` must be followed by two characters, as in `%b()`"),
        ("%fa", "`%f` must be followed by a set, as in `%f[%w]`"),
        ("%1", "`%1` refers to no capture that ends before it"),
        ("(%1)", "`%1` refers to no capture that ends before it"),
        (String(repeating: "()", count: 33), "it has more than 32 captures"),
    ])
    func badPattern(pattern: String, reason: String) {
        #expect(throws: ConsoleError.badPattern(pattern: pattern, reason: reason)) {
            try ConsolePattern.lua(pattern)
        }
        let error = ConsoleError.badPattern(pattern: pattern, reason: reason)
        #expect(error.description == "pattern `\(pattern)`: \(reason)")
    }

    @Test @LoopActor func badControl() async {
        let guest = FakeGuest()

        let text = await failure { try await guest.console.sendcontrol("ctrl-c") }

        #expect(
            text == """
                usage: control key `ctrl-c`: expected one letter or one of `@[\\]^_?`
                hint: Ctrl-C is `sendcontrol("c")`
                """)
    }

    @Test @LoopActor func fullDisk() {
        // Every write to it fails with ENOSPC.
        let folder = FilePath("/tmp/qsh-test-full-\(UInt64.random(in: 0...UInt64.max))")
        mkdirWithFullLog(folder)
        var findings: [String] = []
        let transcript = Transcript(folder: folder)
        transcript.onFinding = { findings.append($0) }
        for _ in 0..<3 {
            Array("line\n".utf8).withUnsafeBytes { transcript.append($0) }
            transcript.flush()
        }

        #expect(
            findings == [
                "transcript `\(folder)/console.log`: cannot write: No space left on device; "
                    + "the newest 16 KiB stay in memory"
            ])
        #expect(transcript.lastLines(20) == ["line", "line", "line"])
        removeFolder(folder)
    }
}

extension Diagnostic {
    /// All of it as text.
    fileprivate var whole: String {
        var lines = ["\(verdict.rawValue): \(message)"]
        lines += notes.map { "note: \($0)" }
        if let hint { lines.append("hint: \(hint)") }
        return lines.joined(separator: "\n")
    }
}
