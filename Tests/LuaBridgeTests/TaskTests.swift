import QshRuntime
import TestSupport
import Testing

@testable import LuaBridge

@Suite struct TaskTests {
    init() { TestLoop.start() }

    @Test @LoopActor func spawnedTasksRunSideBySide() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local order = {}
            local function work(name, seconds)
                order[#order + 1] = name .. " starts"
                qsh.task.sleep(seconds)
                order[#order + 1] = name .. " ends"
                return name, { name }
            end
            local a = qsh.task.spawn(work, "a", 0.03)
            local b = qsh.task.spawn(work, "b", 0.01)
            local name, kept = a:wait()
            return name, kept[1], (b:wait()), table.concat(order, ", "), tostring(a)
            """)

        #expect(
            results == [
                "a", "a", "b", "a starts, b starts, b ends, a ends", "qsh.task (done)",
            ])
        await bench.state.close()
    }

    @Test @LoopActor func allReturnsOneResultOfEach() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local t = {}
            local function give(v) return function() qsh.task.sleep(0.001) return v, "more" end end
            local a, b, c = qsh.task.all(give(1), give(nil), give(t))
            local d, e = qsh.task.all { give "d", qsh.task.spawn(give "e") }
            return a, b, rawequal(c, t), d, e, select("#", qsh.task.all {})
            """)

        #expect(results == [1, nil, true, "d", "e", 0])
        await bench.state.close()
    }

    @Test @LoopActor func allCancelsTheOthersWhereOneFails() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local mine = {}
            local ok, err = pcall(qsh.task.all,
                function()
                    local g <close> = qsh.test.gadget "slow"
                    qsh.task.sleep(100)
                end,
                function() qsh.task.sleep(0.001) error(mine) end)
            qsh.test.log "after"
            return ok, rawequal(err, mine)
            """)

        #expect(results == [false, true])
        #expect(bench.log.entries == ["closing slow", "closed slow", "after"])
        #expect(bench.taskErrors.isEmpty)
        await bench.state.close()
    }

    @Test @LoopActor func raceReturnsTheFirst() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            return qsh.task.race(
                function() qsh.task.sleep(100) return "slow" end,
                function() qsh.task.sleep(0.001) return "quick", 2 end)
            """)

        #expect(results == ["quick", 2])
        await bench.state.close()
    }

    @Test @LoopActor func cancelUnwindsThroughPcall() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local seen
            local t = qsh.task.spawn(function()
                local x <close> = setmetatable({}, { __close = function(_, err)
                    qsh.task.sleep(0.001) -- may wait once it was told
                    seen = err.kind
                end })
                pcall(qsh.task.sleep, 100)
                qsh.test.log "never"
            end)
            qsh.task.sleep(0.001)
            t:cancel()
            local none, err = t:try_wait()
            local ok, same = pcall(t.wait, t)
            return none, err.kind, err.message, ok, same.kind, seen
            """)

        #expect(
            results == [
                nil, "interrupted", "cancelled: the task was stopped", false, "interrupted",
                "interrupted",
            ])
        #expect(bench.log.entries.isEmpty)
        await bench.state.close()
    }

    @Test @LoopActor func tasksThatAreNotWaitedForEndWithTheRecipe() async throws {
        let bench = try Bench()

        _ = try await bench.run(
            """
            qsh.task.spawn(function()
                local g <close> = qsh.test.gadget "left"
                qsh.task.spawn(function()
                    local h <close> = qsh.test.gadget "inner"
                    while true do qsh.task.sleep(100) end
                end)
                qsh.task.sleep(100)
            end)
            qsh.task.sleep(0.002)
            """)

        #expect(bench.log.entries.contains("closed left"))
        #expect(bench.log.entries.contains("closed inner"))
        #expect(bench.taskErrors.isEmpty)
        await bench.state.close()
    }

    @Test @LoopActor func aTaskThatIgnoresCancellationIsAbandoned() async throws {
        var configuration = LuaConfiguration()
        configuration.unwindLimit = .milliseconds(30)
        let bench = try Bench(configuration)

        _ = try await bench.run(
            """
            qsh.task.spawn(function()
                local x <close> = setmetatable({}, { __close = function() qsh.task.sleep(100) end })
                qsh.task.sleep(100)
            end)
            qsh.task.sleep(0)
            """)

        #expect(
            bench.taskErrors.map(\.description)
                == ["the task did not end within 0.03 s of being cancelled"])
        await bench.state.close()
    }

    @Test @LoopActor func errorsThatNobodyWaitsForAreReported() async throws {
        let bench = try Bench()

        _ = try await bench.run(
            """
            qsh.task.spawn(function() error "lost" end)
            local seen = qsh.task.spawn(function() error "seen" end)
            pcall(seen.wait, seen)
            """)

        #expect(bench.taskErrors.map(\.description) == ["lost"])
        await bench.state.close()
    }

    @Test @LoopActor func aTaskMayOutliveItsRun() async throws {
        let bench = try Bench()
        _ = try await bench.run(
            "done = qsh.task.spawn(function() return 5 end)\ndone:wait()\n"
                + "left = qsh.task.spawn(qsh.task.sleep, 100)")

        let results = try await bench.run("return done:wait(), left:try_wait()")

        #expect(results[0] == 5)
        #expect(results[1] == nil)
        await bench.state.close()
    }

    @Test @LoopActor func waitingInACircleIsAnError() async throws {
        let bench = try Bench()

        let error = await bench.failure(
            """
            local a, b
            a = qsh.task.spawn(function() return b:wait() end)
            b = qsh.task.spawn(function() return a:wait() end)
            a:wait()
            """)

        #expect(
            error?.description
                == "qsh.task:wait: the task waits for the one that calls, so neither ends")
        await bench.state.close()
    }

    @Test @LoopActor func aTaskClosedByItsVariableIsCancelled() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local kept
            do
                local t <close> = qsh.task.spawn(function()
                    local g <close> = qsh.test.gadget "in task"
                    qsh.task.sleep(100)
                end)
                kept = t
                qsh.task.sleep(0)
                qsh.task.sleep(0)
            end
            qsh.test.log "after"
            return kept.status
            """)

        #expect(results == ["failed"])
        #expect(bench.log.entries == ["closing in task", "closed in task", "after"])
        await bench.state.close()
    }

    @Test @LoopActor func cancellingTheSwiftCallerUnwindsTheRecipe() async throws {
        let bench = try Bench()
        var caught: (any Error)?
        let task = LoopActor.task {
            do {
                _ = try await bench.run(
                    "local g <close> = qsh.test.gadget 'g'\nqsh.task.sleep(100)")
            } catch { caught = error }
        }
        while bench.state.foreground?.isWaiting != true { await Task.yield() }

        task.cancel()
        await task.value

        #expect((caught as? LuaError)?.diagnostic.verdict == .interrupted)
        #expect(bench.log.entries == ["closing g", "closed g"])
        await bench.state.close()
    }

    @Test @LoopActor func badArguments() async throws {
        let bench = try Bench()

        #expect(
            await bench.failure("qsh.task.sleep(-1)")?.description
                == "qsh.task.sleep: argument 1 (`seconds`) expects a number of seconds, "
                + "zero or more, got number -1")
        #expect(
            await bench.failure("qsh.task.all { print, 5 }")?.description
                == "qsh.task.all: argument 2 (`function`) expects a function or a qsh.task, "
                + "got number 5")
        #expect(
            await bench.failure("qsh.task.spawn()")?.description
                == "qsh.task.spawn: argument 1 (`body`) expects a function, got nil")
        await bench.state.close()
    }
}

extension LuaTask {
    var isWaiting: Bool {
        if case .waiting = phase { true } else { false }
    }
}
