import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// No QEMU outlives qsh, however it ends: seen from outside, on real machines.
@Suite(.serialized) struct ProgramLifetimeTests {
    init() { TestLoop.start() }

    private static let recipe = """
        local m <close> = qsh.machine.boot {
          kernel = qsh.kernel.find(), initramfs = qsh.initramfs.new { busybox = true },
          accel = "tcg",
        }
        print(m.pid)
        io.stdout:flush()
        m.console:expect("never", { timeout = 60 })
        """

    /// Starts the recipe, waits for QEMU's number, and sends qsh a signal.
    ///
    /// - Returns: how qsh ended, and whether QEMU was gone within a second of it.
    @LoopActor
    private func end(by signal: Int32) async throws -> (exit: ProcessExit?, isGone: Bool) {
        TestLoop.start()
        let (output, peer) = try ByteChannel.pair()
        defer { output.close() }
        let changed = Broadcast()
        var text = ""
        output.onBytes = { bytes in
            text += String(decoding: bytes, as: UTF8.self)
            changed.notify()
        }
        let child = try ChildProcess.spawn(
            Command([QshRun.binary.string, "-q", "-e", Self.recipe]), descriptors: [1: peer])
        close(peer)
        _ = try await changed.wait(until: .after(.seconds(30))) { text.hasSuffix("\n") }
        let qemu = try #require(Int32(text.dropLast()))
        #expect(kill(qemu, 0) == 0)

        kill(child.pid, signal)

        let exit = try await child.waitForExit(until: .after(.seconds(20)))
        let isGone = try await processIsGone(qemu, within: .seconds(1))
        return (exit, isGone)
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    @LoopActor func aSignalUnwindsTheRecipe(signal: Int32) async throws {
        let (exit, isGone) = try await end(by: signal)

        #expect(exit == .exited(130))
        #expect(isGone)
    }

    @Test @LoopActor func killedItTakesQEMUAlong() async throws {
        let (exit, isGone) = try await end(by: SIGKILL)

        #expect(exit == .signalled(SIGKILL))
        #expect(isGone)
    }

    @Test func anErrorClosesTheMachine() async throws {
        let run = try await QshRun(
            recipe: Self.recipe.replacing(
                #"m.console:expect("never", { timeout = 60 })"#, with: #"error("enough")"#)
        ).finish()

        let qemu = try #require(Int32(run.stdout.split(separator: "\n").first ?? ""))
        #expect(processIsGone(qemu))
        #expect(run.stderr.hasSuffix("error: enough\n  at recipe.lua:7\n"))
        #expect(run.status == 1)
    }

    @Test func aKilledQEMUIsTheVerdict() async throws {
        let run = try await QshRun(
            recipe: Self.recipe.replacing(
                "print(m.pid)", with: #"qsh.proc.run { "sh", "-c", "kill -9 " .. m.pid }"#)
        ).finish()

        #expect(run.stderr.contains("error: QEMU died: "), "\(run.stderr)")
        #expect(run.status == 69)
    }

    @Test(arguments: [
        "ready() while true do end",
        "coroutine.wrap(function() ready() while true do end end)()",
        "qsh.task.spawn(function() ready() while true do end end) qsh.task.sleep(60)",
        "ready() while true do pcall(function() while true do end end) end",
        "ready() qsh.task.sleep(60)",
    ])
    @LoopActor func interruptsStopEveryLoop(recipe: String) async throws {
        try await stops(recipe, by: SIGINT)
    }

    @Test(arguments: [SIGTERM, SIGHUP])
    @LoopActor func aRequestToEndReachesABusyLoop(signal: Int32) async throws {
        try await stops("ready() while true do end", by: signal)
    }

    @LoopActor private func stops(_ recipe: String, by signal: Int32) async throws {
        TestLoop.start()
        let (output, peer) = try ByteChannel.pair()
        defer { output.close() }
        let changed = Broadcast()
        var text = ""
        output.onBytes = { bytes in
            text += String(decoding: bytes, as: UTF8.self)
            changed.notify()
        }
        let start = """
            local guard <close> = setmetatable({}, { __close = function() print("closed") end })
            local function ready() print("ready") io.stdout:flush() end

            """
        let child = try ChildProcess.spawn(
            Command([QshRun.binary.string, "-e", start + recipe]), descriptors: [1: peer])
        close(peer)
        _ = try await changed.wait(until: .after(.seconds(20))) { text == "ready\n" }

        kill(child.pid, signal)

        let exit = try await child.waitForExit(until: .after(.seconds(10)))
        _ = try await changed.wait(until: .after(.seconds(5))) { output.hasEnded }
        #expect(exit == .exited(130))
        #expect(text == "ready\nclosed\n")
    }
}
