import QshRuntime
import TestSupport
import Testing

@testable import LuaBridge

@Suite(.serialized) struct ObjectTests {
    init() { TestLoop.start() }

    @Test @LoopActor func oneObjectIsOneUserdata() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local g = qsh.test.gadget "g"
            return g == g.twin, tostring(g), g:name(), g.fixed, g:nap(), getmetatable(g),
                g == qsh.test.echo(g)
            """)

        #expect(results == [true, "gadget g", "g", 7, "g", "test.gadget", true])
        await bench.state.close()
    }

    @Test @LoopActor func propertiesAreSet() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            "local g = qsh.test.gadget 'g'\ng.label = { 1, a = 'b' }\nreturn g.label.a")

        #expect(results == ["b"])
        await bench.state.close()
    }

    @Test(arguments: [
        ("g.lable()", "test.gadget: no field or method `lable`; did you mean `label`?"),
        ("g.fixed = 1", "test.gadget: field `fixed` cannot be assigned"),
        ("g.name()", "test.gadget:name: expects a test.gadget as its receiver, got none"),
        (
            "g.name(qsh.task.spawn(print))",
            "test.gadget:name: expects a test.gadget as its receiver, got qsh.task"
        ),
    ])
    @LoopActor
    func wrongUse(_ source: String, _ message: String) async throws {
        let bench = try Bench()

        let error = await bench.failure("local g = qsh.test.gadget 'g'\n" + source)

        #expect(error?.description == message)
        await bench.state.close()
    }

    @Test @LoopActor func closeWaitsAlsoWhileAnErrorUnwinds() async throws {
        let bench = try Bench()

        let error = await bench.failure(
            """
            local a <close> = qsh.test.gadget "a"
            pcall(function()
                local b <close> = qsh.test.gadget "b"
                error "inner"
            end)
            qsh.test.log "between"
            coroutine.wrap(function()
                local c <close> = qsh.test.gadget "c"
                qsh.test.fail()
            end)()
            """)

        #expect(error?.diagnostic.verdict == .panic)
        #expect(
            bench.log.entries == [
                "closing b", "closed b", "between", "closing c", "closed c", "closing a",
                "closed a",
            ])
        await bench.state.close()
        #expect(bench.log.entries.filter { $0.hasPrefix("collected") }.count == 3)
    }

    @Test @LoopActor func closeWhereNothingCanWaitCollects() async throws {
        let bench = try Bench()

        _ = try await bench.run(
            """
            string.gsub("x", "x", function() local g <close> = qsh.test.gadget "g" end)
            qsh.test.log "after"
            """)

        #expect(bench.log.entries == ["collected g", "after"])
        await bench.state.close()
    }

    @Test @LoopActor func closingTheStateCollectsAndFreesEverything() async throws {
        let bench = try Bench()
        _ = try await bench.run(
            """
            held = qsh.test.gadget "held"
            loop = { qsh.test.gadget "in a loop" }
            loop.loop = loop
            co = coroutine.wrap(function() local g = qsh.test.gadget "in a coroutine"
                coroutine.yield(g) end)
            co()
            """)
        #expect(bench.log.alive == 3)

        await bench.state.close()

        #expect(bench.log.alive == 0)
        #expect(
            bench.log.entries.sorted()
                == ["collected held", "collected in a coroutine", "collected in a loop"])
    }

    @Test @LoopActor func metamethodsReachedByDebugCheckTheirArgument() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local g = qsh.test.gadget "g"
            local m = debug.getmetatable(g)
            local ok = { pcall(m.__gc, 1), pcall(m.__gc, io.stdout), pcall(m.__close, {}),
                pcall(m.__tostring, io.stdout), pcall(m.__index, io.stdout, "fixed") }
            m.__gc(g)
            m.__gc(g)
            return pcall(g.name, g)
            """)

        #expect(results[0] == false)
        await bench.state.close()
    }

    @Test @LoopActor func objectsOfACancelledWaitAreCollected() async throws {
        let log = EventLog()
        let bench = try Bench()
        let late = Broadcast()
        var isLate = false
        try bench.state.install([
            LuaModule(
                "late",
                primitives: [
                    .suspending("make") { _ in
                        // Deaf to cancellation, as the work of a thread is.
                        await LoopActor.task {
                            _ = try? await late.wait(until: .after(.seconds(5))) { isLate }
                        }.value
                        return [.object(Gadget("late", log: log))]
                    }
                ])
        ])

        _ = try await bench.run(
            """
            local t = qsh.task.spawn(qsh.late.make)
            qsh.task.sleep(0)
            qsh.task.sleep(0)
            t:cancel()
            """)
        isLate = true
        late.notify()
        while log.entries.isEmpty { await Task.yield() }

        #expect(log.entries == ["collected late"])
        await bench.state.close()
    }
}
