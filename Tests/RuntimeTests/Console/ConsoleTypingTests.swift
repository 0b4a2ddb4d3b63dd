import TestSupport
import Testing

@testable import QshRuntime

@Suite struct ConsoleTypingTests {
    init() { TestLoop.start() }

    @Test @LoopActor func eachPieceIsTypedWhenTheOneBeforeHasComeBack() async throws {
        let guest = FakeGuest(.quick)
        var pieces: [String] = []
        guest.onTyped = { bytes in
            pieces.append(bytes.text)
            // Wrapped, and with the kernel in between.
            guest.prints(bytes.text.replacing("cd", with: "c\r\n[    1.000000] printk\r\nd"))
        }

        try await guest.console.sendline(
            "echo abcdefghijklmnopqrstuvwxyz", typing: ConsoleTyping(checksEcho: true))

        #expect(pieces == ["echo abcdefghijk", "lmnopqrstuvwxyz", "\n"])
    }

    @Test @LoopActor func aCharacterThatTheLineLostIsTold() async throws {
        let guest = FakeGuest(.quick)
        guest.onTyped = { guest.prints($0.text.replacing("b", with: "")) }
        let typing = ConsoleTyping(checksEcho: true)
        guest.console.baseScale = TimeScale(factor: 0.01)

        let error = await #expect(throws: ConsoleError.self) {
            try await guest.console.sendline("abc", typing: typing)
        }

        #expect(
            error?.diagnostic.message == "console: expected the echo of `abc` but got `ac`")
    }

    @Test @LoopActor func aPaceTypesOneCharacterAtATime() async throws {
        let guest = FakeGuest(.quick)
        var pieces = 0
        guest.onTyped = { _ in pieces += 1 }

        try await guest.console.type(Array("abc".utf8), ConsoleTyping(pace: .milliseconds(1)))

        #expect(pieces == 3)
        #expect(guest.typed == Array("abc".utf8))
    }

    /// As cryptsetup: the prompt, then a flush that takes what was typed meanwhile.
    @Test @LoopActor func anAnswerThatOnlyCameBackAsAnEchoIsTypedAgain() async throws {
        let guest = FakeGuest(.quick)
        guest.console.baseScale = TimeScale(factor: 0.05)
        var lines = 0
        guest.onTyped = { bytes in
            lines += 1
            guest.prints(lines == 1 ? "secret\r\n" : "secret\r\nunlocked\r\n")
        }
        guest.prints("Enter passphrase: ")
        _ = try await guest.console.expect("passphrase: ")
        try await guest.console.sendline("secret")
        var limits = ExpectLimits(total: .seconds(60))
        limits.resends = 1

        let found = try await guest.console.expect("unlocked", limits: limits)

        #expect(lines == 2)
        #expect(found.match.text == "unlocked")
    }

    @Test @LoopActor func withoutLeaveNothingIsTypedTwice() async throws {
        let guest = FakeGuest(.quick)
        guest.console.baseScale = TimeScale(factor: 0.01)
        guest.onTyped = { _ in guest.prints("secret\r\n") }
        try await guest.console.sendline("secret")

        let error = await #expect(throws: ConsoleError.self) {
            try await guest.console.expect("unlocked", limits: ExpectLimits(total: .seconds(10)))
        }

        #expect(guest.typed.text == "secret\n")
        #expect(error?.diagnostic.hint?.contains("`resend = 1`") == true)
    }
}
