import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// A process of its own holds the terminal and is ended in every way.
@Suite struct TerminalVictimTests {
    init() { TestLoop.start() }

    @LoopActor
    private func start(
        _ verb: String, showing text: String
    ) async throws -> (TestTerminal, ChildProcess) {
        let terminal = try TestTerminal()
        // Swift's crash handler takes its time to print a backtrace, with the process still there.
        let command = Command(
            [BuiltProgram.victim.string, verb, terminal.path],
            environment: ["SWIFT_BACKTRACE": "enable=no"])
        let child = try ChildProcess.spawn(command, descriptors: [2: 2])
        #expect(try await terminal.waitToShow(text))
        #expect(!terminal.isCooked)
        return (terminal, child)
    }

    @Test(arguments: [SIGTERM, SIGHUP]) @LoopActor
    func aSignalThatIsWatchedRestores(number: Int32) async throws {
        let (terminal, child) = try await start("interact", showing: "helps")

        child.signal(number)

        #expect(try await child.waitForExit(until: .after(.seconds(10))) == .exited(128 + number))
        #expect(terminal.isCooked)
    }

    @Test(arguments: [SIGKILL, SIGSEGV, SIGQUIT]) @LoopActor
    func theGuardRestoresAfterASignalThatKills(number: Int32) async throws {
        let (terminal, child) = try await start("interact", showing: "helps")

        kill(child.pid, number)

        #expect(try await terminal.waitUntilCooked(true))
        #expect(try await terminal.waitToShow("\u{1b}[?25h"))
        _ = try await child.waitForExit(until: .after(.seconds(10)))
    }

    @Test @LoopActor func theMachinesEndRestores() async throws {
        let (terminal, child) = try await start("interact", showing: "helps")

        terminal.type("x")

        #expect(try await child.waitForExit(until: .after(.seconds(10))) == .exited(0))
        #expect(terminal.isCooked)
        #expect(terminal.text.contains("has ended"))
    }

    @Test @LoopActor func killedAtAnyMomentTheTerminalIsCooked() async throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<10 {
            let terminal = try TestTerminal()
            let child = try ChildProcess.spawn(
                Command([BuiltProgram.victim.string, "interact", terminal.path]))
            let delay = Int.random(in: 0...40_000, using: &random)
            _ = try await Broadcast().wait(until: .after(.microseconds(delay))) { false }
            child.signal(SIGKILL)
            _ = try await child.waitForExit(until: .after(.seconds(10)))

            #expect(try await terminal.waitUntilCooked(true), "killed after \(delay) µs")
        }
    }

    @Test @LoopActor func aSecondInterruptGetsOutOfABusyLoop() async throws {
        let (terminal, child) = try await start("busy", showing: "busy")

        child.signal(SIGINT)
        let isOut = try await child.waitForExit(until: .after(.milliseconds(300)))
        #expect(isOut == nil)
        child.signal(SIGINT)

        #expect(try await child.waitForExit(until: .after(.seconds(10))) == .exited(130))
        #expect(terminal.isCooked)
    }

    @Test @LoopActor func twoInterruptsAtOnceCountAsOne() async throws {
        let (terminal, child) = try await start("busy", showing: "busy")

        child.signal(SIGINT)
        child.signal(SIGINT)
        let isOut = try await child.waitForExit(until: .after(.milliseconds(300)))

        #expect(isOut == nil)
        child.signal(SIGKILL)
        #expect(try await terminal.waitUntilCooked(true))
    }

    /// A shell with job control, since the kernel lets nobody stop who could not be continued.
    @Test @LoopActor func stopAndContinueRestoreAndReenter() async throws {
        let terminal = try TestTerminal()
        let victim = Command.shellQuoted(BuiltProgram.victim.string)
        let script = """
            exec <\(terminal.path) >\(terminal.path) 2>&1
            set -m
            \(victim) interact \(terminal.path)
            echo "stopped with $?"
            read line
            fg
            echo "ended with $?"
            """
        let shell = try ChildProcess.spawn(Command(["sh", "-c", script]))
        #expect(try await terminal.waitToShow("helps"))
        let pid = try #require(
            terminal.text.firstMatch(of: #/pid (\d+)/#).flatMap { Int32($0.1) })

        kill(pid, SIGTSTP)
        #expect(try await terminal.waitToShow("stopped with 148"))
        #expect(terminal.isCooked)
        terminal.type("\n")
        #expect(try await terminal.waitUntilCooked(false))
        terminal.type("hello")
        #expect(try await terminal.waitToShow("hello"))
        terminal.type("\u{1d}.")

        #expect(try await terminal.waitToShow("ended with 0"))
        #expect(terminal.isCooked)
        _ = try await shell.waitForExit(until: .after(.seconds(10)))
    }
}
