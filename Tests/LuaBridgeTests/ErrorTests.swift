import QshRuntime
import SystemPackage
import TestSupport
import Testing

@testable import LuaBridge

@Suite struct ErrorTests {
    init() { TestLoop.start() }

    @Test @LoopActor func diagnosticsOfPrimitivesLeaveIntact() async throws {
        let bench = try Bench()

        let error = await bench.failure(
            """
            local function deep() qsh.test.fail() end
            local function start() deep() end
            start()
            """)

        #expect(error?.diagnostic == TestError.full.diagnostic)
        #expect(error?.underlying is TestError)
        #expect(error?.location == "recipe.lua:1")
        #expect(
            error?.traceback.map(\.description) == [
                "recipe.lua:1: in function 'deep'", "recipe.lua:2: in function 'start'",
                "recipe.lua:3: in main chunk",
            ])
        await bench.state.close()
    }

    @Test @LoopActor func messagesOfRecipesLoseTheirPrefix() async throws {
        let bench = try Bench()

        let error = await bench.failure("local x = 1\nerror('no luck')")

        #expect(error?.description == "no luck")
        #expect(error?.location == "recipe.lua:2")
        #expect(error?.diagnostic.verdict == .recipeFailed)
        #expect(error?.value == "recipe.lua:2: no luck")
        await bench.state.close()
    }

    @Test @LoopActor func levelTwoBlamesTheCaller() async throws {
        let bench = try Bench()

        let error = await bench.failure(
            "local function f() error('bad', 2) end\n\nlocal function g() f() end\ng() g()")

        #expect(error?.description == "bad")
        #expect(error?.location == "recipe.lua:3")
        await bench.state.close()
    }

    @Test @LoopActor func runtimeErrorsThreeCallsDeep() async throws {
        let bench = try Bench()

        let error = await bench.failure(
            """
            local function a(t) return t.x.y end
            local function b(t) local v = a(t) return v end
            local function c(t) local v = b(t) return v end
            c {}
            """)

        #expect(error?.description == "attempt to index a nil value (field 'x')")
        #expect(error?.location == "recipe.lua:1")
        #expect(error?.traceback.map(\.line) == [1, 2, 3, 4])
        await bench.state.close()
    }

    @Test @LoopActor func valuesThatAreNotStrings() async throws {
        let bench = try Bench()

        #expect(await bench.failure("error(nil)")?.description == "the error value is nil")
        #expect(
            await bench.failure("error(false)")?.description == "the error value is boolean false")
        #expect(
            await bench.failure("error({})")?.description == "(an error object that is a table)")
        #expect(
            await bench.failure(
                "error(setmetatable({}, { __tostring = function() return 'text' end }))"
            )?.description == "text")
        #expect(
            await bench.failure(
                "error(setmetatable({}, { __tostring = function() error 'worse' end }))"
            )?.description == "(an error object that is a table)")
        #expect(
            await bench.failure("error(io.stdout)")?.description.hasPrefix("file (0x") == true)
        await bench.state.close()
    }

    @Test @LoopActor func fieldsOfErrorObjects() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local ok, err = pcall(qsh.test.fail)
            local again = select(2, pcall(error, err))
            return ok, tostring(err), err.kind, err.message, err.hint, err.notes[1], err.reproduce,
                err.nothing, rawequal(err, again), type(err), err.cause
            """)

        #expect(
            results == [
                false, "boot: the kernel panicked", "panic", "boot: the kernel panicked",
                "look at it", "note one", "qemu -x", nil, true, "userdata", nil,
            ])
        await bench.state.close()
    }

    @Test @LoopActor func tracebackFieldNamesRecipeFrames() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local function f() qsh.test.fail() end
            local ok, err = pcall(f)
            return err.traceback, err.location
            """)

        #expect(
            results[0].text
                == "recipe.lua:1: in function <recipe.lua:1>\nrecipe.lua:2: in main chunk"
                || results[0].text?.hasPrefix("recipe.lua:1: in function") == true)
        #expect(results[1] == "recipe.lua:1")
        await bench.state.close()
    }

    @Test @LoopActor func tryVariantsReturnTheError() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local a, e = qsh.test.try_fail()
            local b, f = qsh.test.try_waitfail()
            local c, d = qsh.test.try_wait(5)
            return a, e.kind, b, f.kind, c, d
            """)

        #expect(results == [nil, "panic", nil, "panic", 5, nil])
        await bench.state.close()
    }

    @Test @LoopActor func identitySurvivesTheWayThroughSwift() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local sent = { "mine" }
            local _, table_back = pcall(qsh.test.call, function() error(sent) end)
            local _, err = pcall(qsh.test.fail)
            local _, error_back = pcall(qsh.test.call, function() error(err) end)
            local _, async_back = pcall(qsh.test.acall, function() error(err) end)
            local _, plain = pcall(qsh.test.call, function() error("text", 0) end)
            return rawequal(table_back, sent), rawequal(error_back, err),
                rawequal(async_back, err), plain
            """)

        #expect(results == [true, true, true, "text"])
        await bench.state.close()
    }

    @Test @LoopActor func causesAreKept() async throws {
        let bench = try Bench()

        let error = await bench.failure("qsh.test.wrap(function() error 'inner' end)")
        let results = try await bench.run(
            """
            local inner = {}
            local _, err = pcall(qsh.test.wrap, function() error(inner) end)
            return err.message, rawequal(err.cause, inner), rawequal(err.cause, err.cause)
            """)

        #expect(error?.description == "wrapped")
        #expect((error?.cause as? LuaError)?.description == "inner")
        #expect(results == ["wrapped", true, true])
        await bench.state.close()
    }

    @Test @LoopActor func errorsInCloseReplaceTheOther() async throws {
        let bench = try Bench()

        let error = await bench.failure(
            """
            local x <close> = setmetatable({}, { __close = function(_, e)
                qsh.test.log(tostring(e))
                error("from close")
            end })
            error("from body")
            """)

        #expect(error?.description == "from close")
        #expect(bench.log.entries == ["recipe.lua:5: from body"])
        await bench.state.close()
    }

    @Test @LoopActor func pcallAndXpcallBehaveAsInPlainLua() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local function give(...) return ... end
            local handled = { xpcall(function(a) error({ a }) end, function(e) return e[1] end, 5) }
            return select("#", pcall(give, 1, nil)), select(3, pcall(give, 1, 2)),
                select("#", xpcall(give, print, 1, nil)), select(3, xpcall(give, print, 1, 2)),
                handled[1], handled[2], select(2, pcall(pcall)), select(2, pcall(xpcall, print)),
                select(2, xpcall(nil, function(m) return "h: " .. m end))
            """)

        #expect(
            results == [
                3, 2, 3, 2, false, 5, "bad argument #1 to 'pcall' (value expected)",
                "bad argument #2 to 'xpcall' (function expected, got no value)",
                "h: attempt to call a nil value",
            ])
        await bench.state.close()
    }

    @Test @LoopActor func stackOverflowIsAnError() async throws {
        let bench = try Bench()

        let error = await bench.failure("local function f() return 1 + f() end f()")

        #expect(error?.description.hasPrefix("stack overflow") == true)
        await bench.state.close()
    }

    @Test @LoopActor func deepRecursionThroughSwiftIsAnError() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local depth = 0
            local function f() depth = depth + 1; qsh.test.call(f) end
            local ok, err = pcall(f)
            return ok, tostring(err):match("C stack overflow"), depth > 20
            """)

        #expect(results == [false, "C stack overflow", true])
        await bench.state.close()
    }

    @Test @LoopActor func locationPrefersTheRecipeToItsLibraries() async throws {
        var configuration = LuaConfiguration()
        configuration.libraryFolders = ["lib"]
        let bench = try Bench(configuration)

        let error = await bench.failure(
            """
            local f = load("qsh.test.fail()", "@lib/deep.lua")
            local function g() f() end
            g()
            """)

        #expect(error?.location == "recipe.lua:2")
        #expect(error?.traceback.first?.location == "lib/deep.lua:1")
        await bench.state.close()
    }

    @Test @LoopActor func errorsInCoroutinesTellBothStacks() async throws {
        let bench = try Bench()

        let error = await bench.failure(
            """
            local f = coroutine.wrap(function()
                error("inside")
            end)
            f()
            """)

        #expect(error?.description == "inside")
        #expect(error?.location == "recipe.lua:2")
        #expect(error?.traceback.map(\.line) == [2, 4])
        await bench.state.close()
    }
}
