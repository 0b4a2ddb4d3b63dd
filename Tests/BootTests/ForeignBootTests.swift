import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// A guest of another architecture than the host's, from Debian's kernel to its power-off.
@Suite(
    .serialized,
    .enabled(if: Command.locate("qemu-system-aarch64") != nil, "no qemu-system-aarch64 on PATH"))
struct ForeignBootTests {
    init() { TestLoop.start() }

    @Test @LoopActor func arm64RunsCommandsTakesFilesAndPowersOff() async throws {
        let guest = try await Guest(arch: .arm64, hasAgent: true)
        let machine = try await guest.boot()
        try await machine.console.expectPrompt()

        let commands = try #require(machine.commands)
        try await commands.waitUntilConnected(until: .after(.seconds(30)))
        let result = try await commands.execute(
            GuestCommand(.shell("uname -m; echo no >&2; exit 3")), until: .after(.seconds(30)))
        let sent = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try await commands.copyIn(
            "/tmp/file", mode: 0o600, from: .bytes(sent), until: .after(.seconds(30)))
        var got: [UInt8] = []
        try await commands.copyOut("/tmp/file", until: .after(.seconds(30))) { got += $0 }
        let exit = try await machine.shutdown()

        #expect(String(decoding: result.stdout, as: UTF8.self) == "aarch64\n")
        #expect(String(decoding: result.stderr, as: UTF8.self) == "no\n")
        #expect(result.code == 3)
        #expect(got == sent)
        #expect(exit.cause == .powerOff)
    }

    @Test @LoopActor func aPanicOnArm64IsTheVerdict() async throws {
        let guest = try await Guest(arch: .arm64, initScript: "#!/bin/sh\nexit 7\n")
        let machine = try await guest.boot()

        let exit = try await machine.wait(until: .after(.seconds(60)))

        #expect(exit.verdict == .panic)
        #expect(machine.failure?.diagnostic.hint == "init ended with exit code 7")
    }

    /// Its kernel waits for work with interrupts off.
    @Test @LoopActor func anIdleArm64HasNotHung() async throws {
        let guest = try await Guest(arch: .arm64)
        let machine = try await guest.boot()
        try await machine.console.expectPrompt()

        let pattern = try ConsolePattern.literal("never printed")
        let limits = ExpectLimits(total: .milliseconds(200))
        let failure = await #expect(throws: ConsoleError.self) {
            _ = try await machine.console.expect([pattern], limits: limits)
        }

        let told = await machine.explanation(of: try #require(failure))
        #expect((told as? any DiagnosticError)?.diagnostic.verdict == .timeout, "\(told)")
        await machine.kill()
    }

    @Test @LoopActor func aRootOfAnotherArchitectureIsNamedBeforeTheBoot() async throws {
        var guest = try await Guest(arch: .arm64)
        let other = try await Guest()
        guest.configuration.initramfs = other.configuration.initramfs

        await #expect {
            _ = try await guest.boot()
        } throws: { error in
            "\(error)".hasSuffix("`/bin/sh` is for x86_64, and the kernel for arm64")
        }
        _ = other
    }
}
