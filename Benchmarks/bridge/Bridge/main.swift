import Glibc
import LuaBridge
import QshRuntime

// Times calls between Lua and Swift against plain lua5.4, in pairs: `swift run -c release
// bridge-benchmark`. Figures are CPU nanoseconds for one call, the least of five rounds.

let module = LuaModule(
    "b",
    primitives: [
        .immediate("nothing") { _ in [] },
        .immediate("one") { _ in [1] },
        .immediate("length") { call in [.integer(try call.string(1, "text").utf8.count)] },
        .immediate("echo") { call in [call.value(at: 1)] },
        .immediate("fail", hasTry: true) { _ in throw BenchmarkError() },
        .immediate("call") { call in try call.function(1, "function").callWithoutWaiting() },
        .suspending("wait") { _ in [] },
    ])

struct BenchmarkError: DiagnosticError {
    var diagnostic: Diagnostic { Diagnostic(.recipeFailed, "benchmark: it failed") }
}

let program = """
    local function best(n, f)
        local least = math.huge
        for _ = 1, 5 do
            local start = os.clock()
            f(n)
            least = math.min(least, os.clock() - start)
        end
        return least / n * 1e9
    end
    local rounds = {
        { "C function", 3e6, function(n) local f = coroutine.running
            f = coroutine.isyieldable for _ = 1, n do f() end end },
        { "C strlen", 3e6, function(n) local f = string.len for _ = 1, n do f("hello") end end },
        { "Lua error, pcall", 3e5, function(n)
            local function f() error("x") end for _ = 1, n do pcall(f) end end },
    }
    if qsh then
        local b = qsh.b
        local function add(name, count, f) rounds[#rounds + 1] = { name, count, f } end
        add("Swift, no arguments", 2e6, function(n) local f = b.nothing for _ = 1, n do f() end end)
        add("Swift, one result", 2e6, function(n) local f = b.one for _ = 1, n do f() end end)
        add("Swift strlen", 1e6, function(n) local f = b.length for _ = 1, n do f("hello") end end)
        add("Swift echo of a string", 5e5, function(n)
            local f = b.echo for _ = 1, n do f("hello") end end)
        add("Swift echo of 10 integers", 1e5, function(n)
            local f, t = b.echo, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 } for _ = 1, n do f(t) end end)
        add("Swift error, pcall", 2e5, function(n)
            local f = b.fail for _ = 1, n do pcall(f) end end)
        add("Swift error, try_", 2e5, function(n)
            local f = b.try_fail for _ = 1, n do f() end end)
        add("Lua error through Swift", 5e4, function(n)
            local function bad() error("x") end
            for _ = 1, n do pcall(b.call, bad) end end)
        add("Lua to Swift to Lua", 3e5, function(n)
            local function f() end for _ = 1, n do b.call(f) end end)
        add("wait", 1e5, function(n) local f = b.wait for _ = 1, n do f() end end)
        add("wrap resume and yield", 1e6, function(n)
            local f = coroutine.wrap(function() while true do coroutine.yield() end end)
            for _ = 1, n do f() end end)
    end
    for _, round in ipairs(rounds) do
        print(("%-28s %9.1f"):format(round[1], best(round[2], round[3])))
    end
    """

func resident() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var pages = [CChar](repeating: 0, count: 128)
    fgets(&pages, 128, file)
    let text = String(decoding: pages.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return (Int(text.split(separator: " ").dropFirst().first ?? "0") ?? 0) * 4
}

LoopActor.task {
    do {
        let state = try LuaState()
        try state.install([module])
        print("in qsh")
        _ = try await state.run(LuaChunk(program, name: "benchmark.lua"))
        let errors = """
            local function bad() error { 1 } end
            for i = 1, tonumber((...)) do
                pcall(qsh.b.fail)
                pcall(qsh.b.call, bad)
            end
            """
        for total in [100_000, 400_000] {
            _ = try await state.run(
                LuaChunk(errors, name: "errors.lua"), arguments: ["\(total)"])
            print("resident after \(2 * total) errors more: \(resident()) KiB")
        }
        await state.close()
    } catch {
        print("error: \(error)")
    }
    EventLoop.shared.stop()
}
EventLoop.shared.run()

print("in lua5.4")
fflush(nil)
if let pipe = popen("lua5.4 -", "w") {
    fputs(program, pipe)
    pclose(pipe)
}
