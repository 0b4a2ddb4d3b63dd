import CLuaShims
import Glibc
import QshRuntime
import TestSupport
import Testing

@testable import LuaBridge

/// Memory that runs out, errors by the hundred thousand, an unbalanced stack.
@Suite(.serialized) struct HostileTests {
    init() { TestLoop.start() }

    /// Everything that a recipe does, in little.
    static let everything = """
        local g <close> = qsh.test.gadget "g"
        local kept = { g:name(), g.label, tostring(g), g.twin }
        pcall(function() return g.lable end)
        local ok, err = pcall(qsh.test.fail)
        kept[#kept + 1] = err and err.message .. tostring(err.notes[1])
        qsh.test.echo({ 1, { a = "b" } }, "text", 1.5, nil, print, g)
        qsh.test.call(function(t) return { t } end, { 1, 2 })
        qsh.test.acall(function() qsh.test.wait() return { "x" } end)
        local t = qsh.task.spawn(function(...) qsh.test.wait(...) return ... end, "a", {}, g)
        t:wait()
        qsh.task.all(function() qsh.test.wait() end, function() return {} end)
        coroutine.wrap(function() qsh.test.wait("through") coroutine.yield(1) end)()
        pcall(qsh.test.wrap, function() error({}) end)
        qsh.test.try_waitfail()
        local sum = load("return 1 + 1")()
        return "done", sum
        """

    @Test @LoopActor func makingAStateSurvivesFailureOfEachAllocation() async throws {
        var failures = 0
        for count in 1... {
            var configuration = LuaConfiguration()
            configuration.failingAllocation = count
            do {
                let state = try LuaState(configuration)
                await state.close()
                break
            } catch let error as LuaError {
                #expect(error.description == "not enough memory")
                failures += 1
            }
        }

        #expect(failures > 100)
    }

    @Test @LoopActor func aRecipeSurvivesFailureOfEachAllocation() async throws {
        var failures = 0
        var unexpected: Set<String> = []
        for count in 1...20_000 {
            let bench = try Bench()
            guard let lua = bench.state.lua else { return }
            qlua_fail_allocation(lua, Int64(count))
            do {
                _ = try await bench.run(Self.everything)
                qlua_fail_allocation(lua, 0)
                await bench.state.close()
                break
            } catch let error as LuaError {
                if !error.description.contains("memory") { unexpected.insert(error.description) }
                failures += 1
            }
            qlua_fail_allocation(lua, 0)
            // The state is whole again once there is memory.
            let after = try await bench.run("return 1 + 1")
            #expect(after == [2])
            await bench.state.close()
            for _ in 0..<3 where bench.log.alive > 0 { await Task.yield() }
            #expect(bench.log.alive == 0)
        }

        #expect(failures > 100)
        #expect(unexpected.isEmpty)
    }

    static let raising: [(name: String, source: String)] = [
        ("Swift to Lua", "pcall(fail)"),
        ("Lua string to Swift", "pcall(call, bad)"),
        ("Lua table to Swift", "pcall(call, worse)"),
        ("both ways", "pcall(wrap, both)"),
        ("try", "try()"),
    ]

    @Test(arguments: raising.map(\.name)) @LoopActor
    func errorsLeaveNothingBehind(_ name: String) async throws {
        let bench = try Bench()
        let source = Self.raising.first { $0.name == name }?.source ?? ""
        let program = """
            local fail, call, wrap, try = qsh.test.fail, qsh.test.call, qsh.test.wrap,
                qsh.test.try_fail
            local function bad() error "x" end
            local function worse() error { 1 } end
            local function both() fail() end
            for i = 1, tonumber((...)) do \(source) end
            collectgarbage()
            collectgarbage()
            """
        _ = try await bench.run(program, ["2000"])
        let start = residentBytes()
        let lua = bench.state.lua.map { qlua_allocated($0) } ?? 0

        _ = try await bench.run(program, ["10000"])

        let grown = residentBytes() - start
        let luaGrown = (bench.state.lua.map { qlua_allocated($0) } ?? 0) - lua
        #expect(grown < 4 << 20, "grew by \(grown) bytes")
        #expect(luaGrown < 1 << 20, "Lua grew by \(luaGrown) bytes")
        await bench.state.close()
    }

    @Test @LoopActor func waitsThatFailLeaveNothingBehind() async throws {
        let bench = try Bench()
        let program = """
            for i = 1, tonumber((...)) do
                pcall(qsh.test.waitfail)
                pcall(qsh.test.acall, function() error "x" end)
            end
            collectgarbage()
            collectgarbage()
            """
        _ = try await bench.run(program, ["500"])
        let start = residentBytes()

        _ = try await bench.run(program, ["5000"])

        #expect(residentBytes() - start < 4 << 20)
        await bench.state.close()
    }

    @Test @LoopActor func referencesAreReleased() async throws {
        let bench = try Bench()
        let program = """
            for i = 1, tonumber((...)) do
                qsh.test.kept({ 1 })
                qsh.test.echo(function() end)
                qsh.task.spawn(function() return {} end):wait()
            end
            collectgarbage()
            collectgarbage()
            """
        _ = try await bench.run(program, ["200"])
        bench.state.releaseDropped()
        let lua = try #require(bench.state.lua)
        qlua_collect_garbage(lua)
        let start = qlua_allocated(lua)

        _ = try await bench.run(program, ["2000"])
        bench.state.releaseDropped()
        qlua_collect_garbage(lua)

        #expect(qlua_allocated(lua) - start < 100_000)
        await bench.state.close()
    }

    #if DEBUG
        @Test func anUnbalancedStackTraps() async {
            await #expect(processExitsWith: .failure) {
                TestLoop.start()
                await LoopActor.task {
                    let bench = try? Bench()
                    try? bench?.state.install([
                        LuaModule(
                            "bad",
                            primitives: [
                                .immediate("unbalance") { call in
                                    call.unbalance()
                                    return []
                                }
                            ])
                    ])
                    _ = try? await bench?.run("qsh.bad.unbalance()")
                }.value
            }
        }
    #endif

    @Test @LoopActor func anAbandonedStateFreesItsObjects() async throws {
        let log: EventLog
        do {
            let bench = try Bench()
            log = bench.log
            _ = try await bench.run("held = qsh.test.gadget 'g'")
            #expect(log.alive == 1)
        }
        for _ in 0..<5 { await Task.yield() }

        #expect(log.alive == 0)
    }

    @Test @LoopActor func callsAfterCloseAreErrors() async throws {
        let bench = try Bench()
        let results = try await bench.run("return function() return 1 end")
        await bench.state.close()

        guard case .function(let function)? = results.first else {
            Issue.record("no function")
            return
        }
        await #expect(throws: LuaError.self) { try await function.call() }
        await #expect(throws: LuaError.self) { try await bench.run("return 1") }
        #expect(bench.state.describe(1).contains("closed"))
    }
}

private func residentBytes() -> Int {
    var pages = 0
    if let file = fopen("/proc/self/statm", "r") {
        var line = [CChar](repeating: 0, count: 128)
        if fgets(&line, 128, file) != nil {
            let text = String(decoding: line.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            pages = Int(text.split(separator: " ").dropFirst().first ?? "0") ?? 0
        }
        fclose(file)
    }
    return pages * 4096
}
