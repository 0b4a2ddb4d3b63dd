import QshRuntime
import SystemPackage
import TestSupport
import Testing

@testable import LuaBridge

@Suite struct RunTests {
    init() { TestLoop.start() }

    @Test @LoopActor func returnsTheResultsOfTheChunk() async throws {
        let bench = try Bench()

        let results = try await bench.run("return 1, 'two', nil, 4.5, qsh.test.version")

        #expect(results == [1, "two", nil, 4.5, "1.0"])
        await bench.state.close()
    }

    @Test @LoopActor func argumentsAreInArgAndDots() async throws {
        let bench = try Bench()

        let results = try await bench.run("return arg[0], arg[1], arg[2], #arg, ...", ["a", "b c"])

        #expect(results == ["recipe.lua", "a", "b c", 2, "a", "b c"])
        await bench.state.close()
    }

    @Test @LoopActor func firstLineForTheKernelIsSkippedAndLinesKeepTheirNumbers() async throws {
        let bench = try Bench()

        let error = await bench.failure("#!/usr/bin/env qsh\n\nerror('x')")

        #expect(error?.location == "recipe.lua:3")
        await bench.state.close()
    }

    @Test @LoopActor func bytecodeIsRefused() async throws {
        let bench = try Bench()

        let error = await bench.failure("\u{1B}Lua nonsense")

        #expect(
            error?.description
                == "cannot load `recipe.lua`: it is Lua bytecode, and only source text is run")
        #expect(error?.diagnostic.verdict == .usage)
        let results = try await bench.run(
            """
            local code = string.dump(function() return 1 end)
            local f, why = load(code, "=it")
            local g, other = load(function() local c = code; code = nil; return c end)
            return f, why, g, other
            """)
        #expect(
            results == [
                nil, "it: it is Lua bytecode, and only source text is run",
                nil, "attempt to load a binary chunk (mode is 't')",
            ])
        await bench.state.close()
    }

    @Test @LoopActor func syntaxErrorsTellTheirPlace() async throws {
        let bench = try Bench()

        let error = await bench.failure("local a = 1\nif a the\n")

        #expect(error?.description == "syntax error: 'then' expected near 'the'")
        #expect(error?.location == "recipe.lua:2")
        #expect(error?.diagnostic.verdict == .usage)
        await bench.state.close()
    }

    @Test @LoopActor func evaluateTriesAnExpressionFirst() async throws {
        let bench = try Bench()
        let state = bench.state

        #expect(try await state.evaluate(LuaChunk("1 + 1", name: "stdin")) == [2])
        #expect(try await state.evaluate(LuaChunk("x = 5", name: "stdin")) == [])
        #expect(try await state.evaluate(LuaChunk("x", name: "stdin")) == [5])
        let pinned = try await state.evaluate(LuaChunk("{ 1, a = 2 }", name: "stdin"))
        #expect(try state.copy(pinned[0]) == .table(LuaTable([1], fields: [.init("a", 2)])))
        #expect(state.describe(pinned[0]).hasPrefix("table: 0x"))
        await state.close()
    }

    @Test @LoopActor func incompleteChunksAreKnown() async throws {
        let bench = try Bench()

        #expect(bench.state.isIncomplete(LuaChunk("if x then", name: "stdin")))
        #expect(bench.state.isIncomplete(LuaChunk("f(", name: "stdin")))
        #expect(!bench.state.isIncomplete(LuaChunk("f()", name: "stdin")))
        #expect(!bench.state.isIncomplete(LuaChunk("f)", name: "stdin")))
        await bench.state.close()
    }

    @Test @LoopActor func namesAreListedWithoutMetamethods() async throws {
        let bench = try Bench()
        _ = try await bench.run(
            """
            trap = setmetatable({ a = 1, f = print },
                { __index = error, __pairs = error, __len = error })
            box = qsh.test.gadget "g"
            """)

        #expect(bench.state.names(at: ["trap"]).map(\.name) == ["a", "f"])
        #expect(bench.state.names(at: ["trap"]).map(\.type) == ["number", "function"])
        #expect(
            bench.state.names(at: ["box"]).map(\.name) == ["fixed", "label", "name", "nap", "twin"])
        #expect(bench.state.names(at: ["trap", "none", "more"]).isEmpty)
        #expect(bench.state.names().contains { $0 == ("qsh", "table") })
        await bench.state.close()
    }

    @Test(arguments: [
        ("os.exit()", 0), ("os.exit(true)", 0), ("os.exit(false)", 1), ("os.exit(7)", 7),
        ("pcall(os.exit, 3) os.exit(4)", 3),
        ("qsh.task.spawn(os.exit, 5) qsh.task.sleep(100)", 5),
        ("string.gsub('x', 'x', function() os.exit(6) end)", 6),
    ])
    @LoopActor
    func exitUnwindsTheRecipe(_ source: String, _ status: Int32) async throws {
        let bench = try Bench()

        await #expect(throws: LuaExit(status: status)) {
            try await bench.run("local g <close> = qsh.test.gadget 'g'\n" + source)
        }

        #expect(bench.log.entries == ["closing g", "closed g"])
        await bench.state.close()
    }

    @Test @LoopActor func warningsOfFinalizersAreReported() async throws {
        let bench = try Bench()

        _ = try await bench.run(
            """
            setmetatable({}, { __gc = function() error("in gc", 0) end })
            collectgarbage()
            """)

        #expect(bench.warnings.first?.contains("in gc") == true)
        await bench.state.close()
    }

    @Test @LoopActor func modulesOfDebianLoad() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local cjson, lpeg = require "cjson", require "lpeg"
            return cjson.encode({ 1, 2 }), lpeg.match(lpeg.P "ab" * -1, "ab")
            """)

        #expect(results == ["[1,2]", 3])
        await bench.state.close()
    }
}
