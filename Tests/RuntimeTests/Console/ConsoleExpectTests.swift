import QshRuntime
import TestSupport
import Testing

@Suite struct ConsoleExpectTests {
    init() { TestLoop.start() }

    @Test @LoopActor func aLiteralMatchesAcrossReads() async throws {
        let guest = FakeGuest()
        for piece in ["boo", "ting\r", "\n[roo", "tfs", " ]# "] { guest.prints(piece) }

        let result = try await guest.console.expect("[rootfs ]#")

        #expect(result.before.text == "booting\n")
        #expect(result.match.text == "[rootfs ]#")
        #expect(result.after.text == " ")
        #expect(result.index == 0)
        #expect(!result.isBeforeTruncated)
    }

    @Test @LoopActor func outputThatComesLaterEndsTheWait() async throws {
        let guest = FakeGuest()
        _ = EventLoop.shared.at(.after(.milliseconds(10))) { guest.prints("login: ") }

        let result = try await guest.console.expect("login:")

        #expect(result.match.text == "login:")
    }

    @Test @LoopActor func consumedTextIsNotMatchedTwice() async throws {
        let guest = FakeGuest()
        guest.prints("one two one")
        let limits = ExpectLimits(total: .milliseconds(1))

        let first = try await guest.console.expect("one")
        let second = try await guest.console.expect("one")

        #expect(first.before.text == "")
        #expect(second.before.text == " two ")
        await #expect(throws: ConsoleError.self) {
            try await guest.console.expect("one", limits: limits)
        }
    }

    @Test @LoopActor func theEarliestAlternativeWinsAndTiesGoByOrder() async throws {
        let guest = FakeGuest()
        guest.prints("a login: b ")

        let result = try await guest.console.expect([
            .literal("b"), .literal("log"), .literal("login:"),
        ])

        #expect(result.index == 1)
        #expect(result.before.text == "a ")
    }

    @Test @LoopActor func anAlternativeThatBeganEarlierIsWaitedFor() async throws {
        var configuration = ConsoleConfiguration()
        configuration.pause = .seconds(60)
        let guest = FakeGuest(configuration)
        guest.prints("abcd")
        let wait = LoopActor.task {
            let result = try? await guest.console.expect([.literal("cd"), .literal("abcdef")])
            #expect(result?.match.text == "abcdef")
        }
        await Task.yield()
        guest.prints("ef")
        await wait.value
    }

    @Test @LoopActor func aPauseDecidesForTheCompleteAlternative() async throws {
        let guest = FakeGuest(.quick)
        guest.prints("abcd")

        let result = try await guest.console.expect([.literal("cd"), .literal("abcdef")])

        #expect(result.match.text == "cd")
    }

    @Test @LoopActor func capturesOfALuaPattern() async throws {
        let guest = FakeGuest()
        guest.prints("Linux version 6.1.0 (gcc)\n")

        let result = try await guest.console.expect([.lua("version ()(%d+)%.(%d+)")])

        #expect(
            result.captures == [.position(15), .text(Array("6".utf8)), .text(Array("1".utf8))])
    }

    @Test @LoopActor func aTrailingRepetitionTakesAllThatComes() async throws {
        var configuration = ConsoleConfiguration()
        configuration.pause = .seconds(60)
        let guest = FakeGuest(configuration)
        guest.prints("pid 12")
        _ = EventLoop.shared.at(.after(.milliseconds(3))) { guest.prints("34\n") }

        let result = try await guest.console.expect([.lua("pid (%d+)")])

        #expect(result.match.text == "pid 1234")
    }

    @Test @LoopActor func aTrailingRepetitionEndsWithAPause() async throws {
        let guest = FakeGuest(.quick)
        guest.prints("pid 12")

        let result = try await guest.console.expect([.lua("pid (%d+)")])

        #expect(result.match.text == "pid 12")
    }

    @Test @LoopActor func aHeldBeginningOfAStampMatchesAfterAPause() async throws {
        let guest = FakeGuest(.quick)
        guest.prints("choose [")
        let first = try await guest.console.expect("choose [")
        guest.prints("[   12.345678] prompt> ")
        let second = try await guest.console.expect("prompt>")

        #expect(first.before.text == "")
        #expect(second.before.text == "[   12.345678] ")
    }

    @Test @LoopActor func aDollarMatchesWhereTheStreamEnds() async throws {
        let guest = FakeGuest()
        guest.prints("first\nlast")
        guest.dies()

        let result = try await guest.console.expect([.lua("%a+$")])

        #expect(result.match.text == "last")
    }

    @Test @LoopActor func everyByteValueCanBeWaitedFor() async throws {
        let guest = FakeGuest()
        let bytes: [UInt8] = [0, 0xFF, 0xC3]
        guest.prints([0x61] + bytes + [0xA4, 0x62])

        let result = try await guest.console.expect([.literal(bytes)])
        let rest = try await guest.console.expect("b")

        #expect(result.before.text == "a")
        #expect(rest.before == [0xA4])
    }

    @Test @LoopActor func aKernelLineCanBeWaitedFor() async throws {
        let guest = FakeGuest()
        guest.prints("init\r\n[    1.500000] random: crng init done\r\nlogin: ")

        let result = try await guest.console.expect("crng init")
        let rest = try await guest.console.expect("done")
        let login = try await guest.console.expect("login:")

        #expect(result.source == .kernel)
        #expect(result.before.text == "init\n")
        #expect(rest.source == .kernel)
        #expect(login.before.text == "")
    }

    @Test @LoopActor func aPromptIsNotFoundInAKernelLine() async throws {
        let guest = FakeGuest()
        guest.prints("[    0.000000] Linux version 6.1.0 # 1 SMP\r\nhi\r\n# ")

        let result = try await guest.console.expect("# ")

        #expect(result.before.text == "hi\n")
        #expect(result.source == .program)
    }

    @Test @LoopActor func aPromptCutByTheKernelSurvivesTheMatchOfTheKernelsLine() async throws {
        let guest = FakeGuest()
        guest.prints("a\r\n[roo[    1.500000] random: crng init done\r\ntfs ]# ")

        _ = try await guest.console.expect("crng init done")
        let prompt = try await guest.console.expect("[rootfs ]#")

        #expect(prompt.before.text == "")
    }

    @Test @LoopActor func whatDmesgPrintsIsTheProgramsText() async throws {
        let guest = FakeGuest()
        let line = "[    1.500000] random: crng init done\r\n"
        guest.prints("[    0.000000] Linux version\r\n" + line + "# ")
        _ = try await guest.console.expect("# ")
        guest.prints("dmesg\r\n[    0.000000] Linux version\r\n" + line + "# ")

        let result = try await guest.console.expect("# ")

        #expect(
            result.before.text
                == "dmesg\n[    0.000000] Linux version\n[    1.500000] random: crng init done\n")
        #expect(guest.console.dmesg.count == 2)
    }

    @Test @LoopActor func dmesgAfterAQuietBootIsTheProgramsTextToo() async throws {
        let guest = FakeGuest()
        let log = "[    0.000000] Linux version\r\n[    1.500000] random: crng init done\r\n"
        guest.prints("# ")
        _ = try await guest.console.expect("# ")
        try await guest.console.sendline("dmesg")
        guest.prints("dmesg\r\n" + log + "# [    9.000000] news\r\n$ ")

        let result = try await guest.console.expect("# $ ")

        #expect(
            result.before.text
                == "dmesg\n[    0.000000] Linux version\n[    1.500000] random: crng init done\n")
        #expect(guest.console.dmesg.map(\.text.text) == ["news"])
    }

    @Test @LoopActor func aLostBeginningIsSaid() async throws {
        var configuration = ConsoleConfiguration()
        configuration.window = 100
        let guest = FakeGuest(configuration)
        for _ in 0..<50 { guest.prints("0123456789") }
        guest.prints("end")

        let result = try await guest.console.expect("end")

        #expect(result.isBeforeTruncated)
        #expect(result.before.count == 97)
    }

    @Test @LoopActor func settleWaitsForAPause() async throws {
        let guest = FakeGuest()
        var prints = 0
        for delay in [5, 10, 15] {
            _ = EventLoop.shared.at(.after(.milliseconds(delay))) {
                guest.prints("x")
                prints += 1
            }
        }

        try await guest.console.settle(quiet: .milliseconds(40))

        #expect(prints == 3)
    }

    @Test @LoopActor func typesWhatItIsTold() async throws {
        let guest = FakeGuest()

        try await guest.console.send("a")
        try await guest.console.sendline("ls")
        try await guest.console.sendcontrol("c")
        try await guest.console.sendcontrol("]")
        try await guest.console.sendcontrol("?")

        #expect(guest.typed == Array("als\n".utf8) + [3, 0x1D, 0x7F])
    }

    @Test @LoopActor func subscribersSeeRawBytes() async throws {
        let guest = FakeGuest()
        var seen: [UInt8] = []
        let subscriber = guest.console.subscribe { seen += Array($0) }
        guest.prints("\u{1B}[6na\r\n")
        guest.console.unsubscribe(subscriber)
        guest.prints("b")

        #expect(seen.text == "\u{1B}[6na\r\n")
    }
}
