import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// What goes wrong, and what is said of it.
@Suite struct GuestFailureTests {
    init() { TestLoop.start() }

    private static var soon: Deadline { .after(.seconds(20)) }

    @Test @LoopActor func missingProgramIsAnErrorOfItsOwn() async throws {
        try await expect(
            GuestCommand(.arguments(["no-such-program", "-v"])),
            "`no-such-program -v` in the guest: cannot run `no-such-program`: "
                + "no such file or directory")
    }

    @Test @LoopActor func fileThatIsNoProgramIsRefused() async throws {
        try await expect(
            GuestCommand(.arguments(["/etc/passwd"])),
            "`/etc/passwd` in the guest: cannot run `/etc/passwd`: permission denied")
    }

    @Test @LoopActor func missingDirectoryIsNamed() async throws {
        try await expect(
            GuestCommand(.shell("true"), workingDirectory: "/no/where"),
            "`/no/where` in the guest: cannot enter: no such file or directory")
    }

    @Test @LoopActor func emptyCommandIsRefused() async throws {
        try await expect(
            GuestCommand(.arguments([])),
            "command for the guest: expected a program, got an empty list")
    }

    @Test @LoopActor func nulIsRefused() async throws {
        try await expect(
            GuestCommand(.shell("a\0b")), "command for the guest: argument 2 holds a NUL byte")
        try await expect(
            GuestCommand(.shell("true"), environment: ["A": "\0"]),
            "command for the guest: the variable `A` holds a NUL byte")
    }

    @Test @LoopActor func silentPortIsATimeout() async throws {
        let channel = CommandChannel { _ in }
        var message = ""
        do {
            _ = try await channel.execute(
                GuestCommand(.shell("true")), until: .after(.milliseconds(30)))
        } catch let error as GuestAgentError {
            message = error.description
            #expect(error.diagnostic.verdict == .timeout)
        }
        #expect(message.hasPrefix("command channel: no agent in the guest answered within "))
    }

    @Test @LoopActor func closedPortEndsWhatRuns() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        let process = try await agent.channel.start(
            GuestCommand(.shell("sleep 100")), until: Self.soon)
        agent.channel.end()
        await #expect(throws: GuestAgentError.channelEnded) {
            try await process.finish(until: Self.soon)
        }
        await #expect(throws: GuestAgentError.channelEnded) {
            try await agent.channel.execute(GuestCommand(.shell("true")), until: Self.soon)
        }
    }

    @Test @LoopActor func garbageFromTheGuestStartsANewSession() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        let process = try await agent.channel.start(
            GuestCommand(.shell("sleep 100")), until: Self.soon)
        Array("[    1.0] some kernel message\r\n".utf8).withUnsafeBytes {
            agent.channel.receive($0)
        }
        await #expect(
            throws: GuestAgentError.streamBroken("expected a frame, got other bytes")
        ) {
            try await process.finish(until: Self.soon)
        }
        let again = try await agent.channel.execute(
            GuestCommand(.shell("echo again")), until: Self.soon)
        #expect(again.stdout == Array("again\n".utf8))
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>) @LoopActor
    func garbageFromTheHostFailsWhatRunsAndIsSurvived(seed: UInt64) async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        let process = try await agent.channel.start(
            GuestCommand(.shell("sleep 100")), until: Self.soon)
        try await agent.channel.ping(until: Self.soon)
        var garbage = randomBytes(Int(seed * 97), seed: seed)
        // Frames that are right up to a point, too.
        if seed % 2 == 0 { garbage = Array("qsh".utf8) + [2] + [1, 0, 0, 0, 5, 0, 0, 0] + garbage }
        agent.port.enqueue(garbage)
        await #expect(throws: GuestAgentError.agentRestarted, "seed \(seed)") {
            try await process.finish(until: Self.soon)
        }
        let again = try await agent.channel.execute(
            GuestCommand(.shell("echo again")), until: Self.soon)
        #expect(again.stdout == Array("again\n".utf8), "seed \(seed)")
    }

    @Test @LoopActor func agentEndsWithItsPort() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        let process = try await agent.channel.start(
            GuestCommand(.shell("sleep 100")), until: Self.soon)
        try await agent.channel.ping(until: Self.soon)
        agent.port.close()
        let tick = Broadcast()
        let limit = Self.soon
        while !agent.hasExited, !limit.hasPassed {
            _ = try await tick.wait(until: .after(.milliseconds(5))) { false }
        }
        #expect(agent.hasExited)
        process.cancel()
    }

    @Test @LoopActor func errorOfTheSourceIsTheCallers() async throws {
        struct Broken: Error {}
        let agent = try HostAgent()
        defer { agent.stop() }
        await #expect(throws: Broken.self) {
            try await agent.channel.execute(
                GuestCommand(.shell("cat"), input: .source { throw Broken() }), until: Self.soon)
        }
    }

    @LoopActor
    private func expect(
        _ command: GuestCommand, _ message: String, location: SourceLocation = #_sourceLocation
    ) async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        do {
            let result = try await agent.channel.execute(command, until: Self.soon)
            Issue.record("expected an error, got \(result)", sourceLocation: location)
        } catch let error as GuestAgentError {
            #expect(error.description == message, sourceLocation: location)
        }
    }
}
