import QshRuntime
import TestSupport
import Testing

@testable import LuaBridge

/// The text of every error about arguments and options.
@Suite struct OptionTests {
    init() { TestLoop.start() }

    @Test(arguments: [
        (
            "configure { kernal = 'x' }",
            "qsh.test.configure: unknown option `kernal`; did you mean `kernel`?"
        ),
        ("configure { potatoes = 1 }", "qsh.test.configure: unknown option `potatoes`"),
        (
            "configure { kernel = 256 }",
            "qsh.test.configure: option `kernel` expects a string, got number 256"
        ),
        (
            "configure { smp = 1.5 }",
            "qsh.test.configure: option `smp` expects an integer, got number 1.5"
        ),
        (
            "configure { quiet = 'yes' }",
            "qsh.test.configure: option `quiet` expects a boolean, got string \"yes\""
        ),
        (
            "configure { append = { 'a', {} } }",
            "qsh.test.configure: option `append` expects a list of strings, got table"
        ),
        (
            "configure { append = { a = 1 } }",
            "qsh.test.configure: option `append` expects a list, got table"
        ),
        (
            "configure { timeout = -1 }",
            "qsh.test.configure: option `timeout` expects a number of seconds, zero or more, "
                + "got number -1"
        ),
        (
            "configure { timeout = 0 / 0 }",
            "qsh.test.configure: option `timeout` expects a number of seconds, zero or more, "
                + "got number -nan"
        ),
        (
            "configure { 'bzImage' }",
            "qsh.test.configure: expects `name = value` options only, "
                + "got string \"bzImage\" without a name"
        ),
        (
            "configure { [true] = 1 }",
            "qsh.test.configure: expects `name = value` options only, got number 1 without a name"
        ),
        (
            "configure 'x'",
            "qsh.test.configure: argument 1 (`options`) expects a table of options, "
                + "got string \"x\""
        ),
        ("take()", "qsh.test.take: argument 1 (`path`) expects a string, got nil"),
        ("take(12)", "qsh.test.take: argument 1 (`path`) expects a string, got number 12"),
        (
            "take('x', 'y')",
            "qsh.test.take: argument 2 (`count`) expects an integer, got string \"y\""
        ),
        (
            "take(qsh.test.gadget 'g')",
            "qsh.test.take: argument 1 (`path`) expects a string, got test.gadget"
        ),
        (
            "local t = {} t.t = t qsh.test.configure(t)",
            "a table contains itself, or is nested more than 100 deep"
        ),
    ])
    @LoopActor
    func wrongOptions(_ source: String, _ message: String) async throws {
        let bench = try Bench()

        let error = await bench.failure(
            source.hasPrefix("local") ? source : "qsh.test.\(source)")

        #expect(error?.description == message)
        await bench.state.close()
    }

    @Test @LoopActor func rightOptionsPass() async throws {
        let bench = try Bench()

        _ = try await bench.run(
            """
            qsh.test.configure { kernel = "x", smp = 2.0, append = "one", timeout = math.huge }
            qsh.test.configure()
            qsh.test.configure { append = { "a", "b" }, quiet = false }
            qsh.test.take("x", nil)
            """)
        await bench.state.close()
    }

    @Test @LoopActor func valuesComeBackAsTheyWent() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local t = { 1, 2.5, "x\\0y", { true }, [10] = "ten", key = { nested = false } }
            local r = qsh.test.echo(t)
            local kept = qsh.test.kept(t)
            local f = function() return 7 end
            local co = coroutine.create(f)
            return r[1], math.type(r[2]), r[3] == "x\\0y", r[4][1], r[10], r.key.nested,
                rawequal(kept, t), rawequal(qsh.test.echo(f), f), rawequal(qsh.test.echo(co), co),
                rawequal(qsh.test.echo(io.stdout), io.stdout), select("#", qsh.test.echo(nil, nil)),
                math.type(qsh.test.echo(3)), qsh.test.echo(math.mininteger) == math.mininteger
            """)

        #expect(
            results == [
                1, "float", true, true, "ten", false, true, true, true, true, 2, "integer", true,
            ])
        await bench.state.close()
    }

    @Test @LoopActor func manyResultsAndArguments() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local t = {}
            for i = 1, 200 do t[i] = i end
            local n = select("#", qsh.test.echo(table.unpack(t)))
            local m = select("#", qsh.test.wait(table.unpack(t)))
            return n, m, (select(200, qsh.test.echo(table.unpack(t))))
            """)

        #expect(results == [200, 200, 200])
        await bench.state.close()
    }
}
