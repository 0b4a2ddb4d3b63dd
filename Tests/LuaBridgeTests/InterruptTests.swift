import Glibc
import QshRuntime
import TestSupport
import Testing

@testable import LuaBridge

/// Each endless loop here is ended from another thread, as Ctrl-C ends it.
@Suite(.serialized, .timeLimit(.minutes(1))) struct InterruptTests {
    init() { TestLoop.start() }

    @Test(arguments: [
        "while true do end",
        "coroutine.wrap(function() while true do end end)()",
        "assert(coroutine.resume(coroutine.create(function() while true do end end)))",
        "qsh.task.spawn(function() while true do end end):wait()",
        "qsh.task.all(function() while true do end end, function() qsh.task.sleep(100) end)",
        "qsh.test.call(function() while true do end end)",
        "table.sort({ 1, 2, 3 }, function() while true do end end)",
        "qsh.task.sleep(100)",
        "coroutine.wrap(function() qsh.task.sleep(100) end)()",
        "for i = 1, math.huge do qsh.test.nothing() end",
        "while true do coroutine.wrap(function() end)() end",
        "while true do pcall(function() for i = 1, 100 do end end) end",
        "while true do xpcall(qsh.test.fail, print and function() end) end",
        "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
        "while true do qsh.test.try_wait() end",
        "while true do pcall(qsh.task.sleep, 1) end",
    ])
    @LoopActor
    func stops(_ source: String) async throws {
        let bench = try Bench()
        let state = bench.state
        try state.install([
            LuaModule(
                "signal",
                primitives: [
                    .immediate("soon") { _ in
                        interruptSoon(state)
                        return []
                    }
                ])
        ])

        let error = await bench.failure(
            "local g <close> = qsh.test.gadget 'g'\nqsh.signal.soon()\n" + source)

        #expect(error?.diagnostic == Diagnostic(.interrupted, "interrupted"))
        #expect(bench.log.entries == ["closing g", "closed g"])
        await state.close()
    }

    @Test @LoopActor func anInterruptWithNothingToStopIsForgotten() async throws {
        let bench = try Bench()

        bench.state.interrupt()
        for _ in 0..<3 { await Task.yield() }
        let results = try await bench.run("for i = 1, 1000 do end return 1")

        #expect(results == [1])
        await bench.state.close()
    }

    @Test @LoopActor func closeHandlersMayGoOnAfterAnInterrupt() async throws {
        let bench = try Bench()
        let state = bench.state
        try state.install([
            LuaModule(
                "signal",
                primitives: [
                    .immediate("soon") { _ in
                        interruptSoon(state)
                        return []
                    }
                ])
        ])

        let error = await bench.failure(
            """
            qsh.signal.soon()
            local x <close> = setmetatable({}, { __close = function(_, err)
                for i = 1, 1000 do pcall(error, i) end
                qsh.task.sleep(0.001)
                qsh.test.log(err.kind)
            end })
            while true do end
            """)

        #expect(error?.diagnostic.verdict == .interrupted)
        #expect(bench.log.entries == ["interrupted"])
        await state.close()
    }

    @Test @LoopActor func aSignalInterrupts() async throws {
        let bench = try Bench()
        let hook = try #require(bench.state.signalHook)
        hooked = hook
        // The tests' loop runs on a thread that inherited libdispatch's mask.
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGUSR2)
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
        signal(SIGUSR2) { _ in hooked?.function(hooked?.context) }
        defer {
            signal(SIGUSR2, SIG_DFL)
            hooked = nil
        }
        try bench.state.install([
            LuaModule(
                "signal",
                primitives: [
                    .immediate("raise") { _ in
                        raise(SIGUSR2)
                        return []
                    }
                ])
        ])

        let running = await bench.failure("qsh.signal.raise() while true do end")
        let waiting = await bench.failure(
            "qsh.task.spawn(function() qsh.task.sleep(0.01) qsh.signal.raise() end)\n"
                + "qsh.task.sleep(100)")

        #expect(running?.diagnostic.verdict == .interrupted)
        #expect(waiting?.diagnostic.verdict == .interrupted)
        await bench.state.close()
    }
}

/// What the handler of the test's signal calls.
private nonisolated(unsafe) var hooked:
    (
        function: @convention(c) (UnsafeMutableRawPointer?) -> Void,
        context: UnsafeMutableRawPointer
    )?

/// Interrupts from a thread that is not the loop's, after a moment in which the recipe goes on.
private func interruptSoon(_ state: LuaState) {
    let context = Unmanaged.passRetained(state).toOpaque()
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { context in
            usleep(5000)
            if let context {
                Unmanaged<LuaState>.fromOpaque(context).takeRetainedValue().interrupt()
            }
            return nil
        }, context)
    pthread_detach(thread)
}
