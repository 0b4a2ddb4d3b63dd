import QshRuntime
import TestSupport
import Testing

@testable import LuaBridge

@Suite struct WaitTests {
    init() { TestLoop.start() }

    /// Places from which a primitive may wait, each with what the snippet returns.
    static let places: [(name: String, source: String)] = [
        ("plain", "return wait(1)"),
        ("pcall", "return select(2, pcall(wait, 1))"),
        ("pcall body", "return select(2, pcall(function() return wait(1) end))"),
        ("xpcall", "return select(2, xpcall(function() return wait(1) end, print))"),
        ("pcall of an error", "local _, e = pcall(function() wait() error(1, 0) end) return e"),
        ("__add", "return setmetatable({}, { __add = function() return wait(1) end }) + 1"),
        (
            "__concat",
            "return setmetatable({}, { __concat = function() return wait(1) end }) .. 'x'"
        ),
        (
            "__eq",
            "local m = { __eq = function() return wait(true) end }\n"
                + "return setmetatable({}, m) == setmetatable({}, m) and 1"
        ),
        (
            "__lt",
            "return (setmetatable({}, { __lt = function() return wait(true) end }) < 1) and 1"
        ),
        (
            "__le",
            "return (setmetatable({}, { __le = function() return wait(true) end }) <= 1) and 1"
        ),
        ("__len", "return #setmetatable({}, { __len = function() return wait(1) end })"),
        ("__unm", "return -setmetatable({}, { __unm = function() return wait(1) end })"),
        ("__index", "return setmetatable({}, { __index = function() return wait(1) end }).x"),
        ("__index is the primitive", "return select('#', setmetatable({}, { __index = wait }).x)"),
        (
            "__newindex",
            "local r\nlocal t = setmetatable({}, "
                + "{ __newindex = function(_, _, v) r = wait(v) end })\nt.x = 1\nreturn r"
        ),
        ("__call", "return setmetatable({}, { __call = function() return wait(1) end })()"),
        (
            "__pairs",
            "local t = setmetatable({}, { __pairs = function() wait() "
                + "return next, { 1 } end })\nfor _, v in pairs(t) do return v end"
        ),
        ("iterator", "for v in function() return wait(1) end do return v end"),
        (
            "__close",
            "local r\ndo local x <close> = setmetatable({}, "
                + "{ __close = function() r = wait(1) end }) end\nreturn r"
        ),
        ("wrap", "return coroutine.wrap(function() return wait(1) end)()"),
        (
            "resume",
            "local co = coroutine.create(function() return wait(1) end)\n"
                + "return select(2, coroutine.resume(co))"
        ),
        (
            "nested wrap",
            "return coroutine.wrap(function() return coroutine.wrap(function()\n"
                + "return wait(1) end)() end)()"
        ),
        (
            "generator",
            "local g = coroutine.wrap(function() for i = 0, 3 do wait() "
                + "coroutine.yield(i) end end)\ng()\nreturn g()"
        ),
        ("dofile-like load", "return load('return qsh.test.wait(1)')()"),
        ("select", "return (select(1, wait(1)))"),
        (
            "deep",
            "local function f(n) if n == 0 then return wait(1) end "
                + "return (f(n - 1)) end\nreturn f(150)"
        ),
        (
            "nested pcall",
            "local function f(n) if n == 0 then return wait(1) end "
                + "return select(2, pcall(f, n - 1)) end\nreturn f(100)"
        ),
    ]

    @Test(arguments: places.map(\.name)) @LoopActor
    func waitsAcross(_ name: String) async throws {
        let bench = try Bench()
        let source = Self.places.first { $0.name == name }?.source ?? ""

        let results = try await bench.run("local wait = qsh.test.wait\n" + source)

        #expect(results == [1])
        await bench.state.close()
    }

    /// Places that cannot be suspended, with the name in the error.
    static let refusals: [(name: String, source: String)] = [
        ("`sort`", "table.sort({ 3, 2, 1 }, function(a, b) wait() return a < b end)"),
        ("`gsub`", "string.gsub('x', 'x', function() wait() end)"),
        (
            "`tostring`",
            "tostring(setmetatable({}, { __tostring = function() wait() "
                + "return '' end }))"
        ),
        ("`load`", "assert(load(function() wait() end))"),
        ("a C function", "string.gsub('x', 'x', coroutine.wrap(function() wait() end))"),
        ("a C function", "qsh.test.call(wait)"),
    ]

    @Test(arguments: refusals.indices) @LoopActor
    func refusesToWaitIn(_ index: Int) async throws {
        let bench = try Bench()
        let refusal = Self.refusals[index]

        let error = await bench.failure("local wait = qsh.test.wait\n" + refusal.source)

        #expect(
            error?.description.contains(
                "cannot wait here: `qsh.test.wait` would suspend \(refusal.name), which cannot be")
                == true, "\(error?.description ?? "")")
        await bench.state.close()
    }

    @Test @LoopActor func refusesToWaitInGarbageCollectionAndHandlers() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local why
            setmetatable({}, { __gc = function() why = select(2, pcall(qsh.test.wait)) end })
            collectgarbage()
            local _, handled = xpcall(error, function()
                return tostring(select(2, pcall(qsh.test.wait)))
            end)
            return tostring(why), handled
            """)

        #expect(
            results[0]
                == "cannot wait here: `qsh.test.wait` would suspend `__gc`, which cannot be")
        #expect(results[1].text?.hasPrefix("cannot wait here: `qsh.test.wait`") == true)
        await bench.state.close()
    }

    @Test @LoopActor func aWaitingCoroutineCannotBeResumedByOthers() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local co = coroutine.create(function() qsh.task.sleep(0.01) return "done" end)
            local me
            local t = qsh.task.spawn(function()
                me = coroutine.running()
                return select(2, coroutine.resume(co))
            end)
            qsh.task.sleep(0)
            qsh.task.sleep(0)
            local ok, why = coroutine.resume(co)
            local status = coroutine.status(co)
            local closed, reason = pcall(coroutine.close, co)
            local mine, refused = coroutine.resume(me)
            return ok, why, status, closed, reason, mine, refused, t:wait(), coroutine.status(co)
            """)

        #expect(
            results == [
                false, "cannot resume a coroutine that is waiting", "normal", false,
                "cannot close a coroutine that is waiting", false,
                "cannot resume a coroutine that is waiting", "done", "dead",
            ])
        await bench.state.close()
    }

    @Test @LoopActor func coroutinesBehaveAsInPlainLua() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            local co = coroutine.create(function(a, b)
                local c = coroutine.yield(a + b)
                local d, e = coroutine.yield(c * 2)
                return d + e
            end)
            local r = { coroutine.resume(co, 1, 2) }
            local s = { coroutine.resume(co, 10) }
            local t = { coroutine.resume(co, 3, 4) }
            local u = { coroutine.resume(co) }
            local w = coroutine.wrap(function(...) local n = select("#", ...)
                while true do n = n + coroutine.yield(n) end end)
            local outside, why = pcall(coroutine.yield)
            local dead = coroutine.wrap(function() end)
            dead()
            local again, gone = pcall(dead)
            return r[2], s[2], t[2], u[1], u[2], w(1, 2, 3), w(4), outside, why, again, gone,
                coroutine.isyieldable(), coroutine.wrap(coroutine.isyieldable)()
            """)

        #expect(
            results == [
                3, 20, 7, false, "cannot resume dead coroutine", 3, 7, false,
                "attempt to yield from outside a coroutine", false,
                "cannot resume dead coroutine", false, true,
            ])
        await bench.state.close()
    }

    @Test @LoopActor func callbacksFromSwiftMayWait() async throws {
        let bench = try Bench()

        let results = try await bench.run(
            """
            return qsh.test.acall(function(t)
                qsh.test.wait()
                return t.a + qsh.test.acall(function() return 1 end)
            end, { a = 1 })
            """)

        #expect(results == [2])
        await bench.state.close()
    }
}
