import QshRuntime
import Testing

@testable import LuaBridge

/// Something that a recipe holds, and that tells what became of it.
@LoopActor
final class Gadget: LuaObject {
    static let luaType = LuaType(
        "test.gadget",
        methods: [
            .immediate("name") { call in
                [.text(try call.receiver(as: Gadget.self).name)]
            },
            .suspending("nap", hasTry: true) { call in
                let gadget = try call.receiver(as: Gadget.self)
                _ = try await Broadcast().wait(until: .after(.milliseconds(1))) { false }
                return [.text(gadget.name)]
            },
        ],
        properties: [
            LuaProperty(
                "label", of: Gadget.self,
                set: { gadget, value in
                    gadget.label = value
                }, get: { $0.label }),
            LuaProperty("twin", of: Gadget.self) { .object($0.twin ?? $0) },
            LuaProperty("fixed", of: Gadget.self) { _ in 7 },
        ])

    let name: String
    var label: LuaValue = "none"
    var twin: Gadget?
    var log: EventLog?

    init(_ name: String, log: EventLog? = nil) {
        self.name = name
        self.log = log
        log?.alive += 1
    }

    isolated deinit { log?.alive -= 1 }

    var luaDescription: String { "gadget \(name)" }

    func luaClose() async {
        log?.add("closing \(name)")
        _ = try? await Broadcast().wait(until: .after(.milliseconds(2))) { false }
        log?.add("closed \(name)")
    }

    func luaCollect() { log?.add("collected \(name)") }
}

/// What happened, in order.
@LoopActor
final class EventLog {
    private(set) var entries: [String] = []
    /// Gadgets that write here and have not been freed.
    var alive = 0
    func add(_ entry: String) { entries.append(entry) }
}

struct TestError: CausedDiagnosticError {
    var diagnostic: Diagnostic
    var cause: (any Error)?

    static let full = TestError(
        diagnostic: Diagnostic(
            .panic, "boot: the kernel panicked", notes: ["note one"], hint: "look at it",
            reproduce: "qemu -x"),
        cause: nil)
}

/// A state with primitives to test with, and what it reported.
@LoopActor
final class Bench {
    let state: LuaState
    let log = EventLog()
    private(set) var warnings: [String] = []
    private(set) var taskErrors: [LuaError] = []

    init(_ configuration: LuaConfiguration = LuaConfiguration()) throws {
        var configuration = configuration
        let sink = Sink()
        configuration.onWarning = { sink.bench?.warnings.append($0) }
        configuration.onTaskError = { sink.bench?.taskErrors.append($0) }
        state = try LuaState(configuration)
        sink.bench = self
        try state.install([Self.module(log)], as: "qsh")
    }

    func run(_ source: String, name: String = "recipe.lua", _ arguments: [String] = []) async throws
        -> [LuaValue]
    {
        try await state.run(LuaChunk(source, name: name), arguments: arguments)
    }

    /// Runs what must fail.
    func failure(_ source: String, name: String = "recipe.lua") async -> LuaError? {
        do {
            let results = try await run(source, name: name)
            Issue.record("no error, but \(results)")
            return nil
        } catch {
            return error as? LuaError
        }
    }

    private final class Sink: @unchecked Sendable {
        weak var bench: Bench?
    }

    private static func module(_ log: EventLog) -> LuaModule {
        LuaModule(
            "test",
            primitives: [
                .immediate("nothing") { _ in [] },
                .immediate("echo") { call in (0..<call.count).map { call.value(at: $0 + 1) } },
                .immediate("kept") { call in [try call.pinned(at: 1)] },
                .immediate("fail", hasTry: true) { _ in throw TestError.full },
                .immediate("wrap") { call in
                    do {
                        return try call.function(1, "function").callWithoutWaiting()
                    } catch {
                        throw TestError(
                            diagnostic: Diagnostic(.recipeFailed, "wrapped"), cause: error)
                    }
                },
                .immediate("call") { call in
                    try call.function(1, "function").callWithoutWaiting(
                        call.count > 1 ? [call.value(at: 2)] : [])
                },
                .suspending("acall") { call in
                    try await call.function(1, "function").call(
                        call.count > 1 ? [call.value(at: 2)] : [])
                },
                .suspending("wait", hasTry: true) { call in
                    _ = try await Broadcast().wait(until: .now) { false }
                    await Task.yield()
                    return (0..<call.count).map { call.value(at: $0 + 1) }
                },
                .suspending("waitfail", hasTry: true) { _ in
                    await Task.yield()
                    throw TestError.full
                },
                .immediate("gadget") { call in
                    [.object(Gadget(try call.string(1, "name"), log: log))]
                },
                .immediate("log") { call in
                    log.add(try call.string(1, "entry"))
                    return []
                },
                .immediate("take") { call in
                    _ = try call.string(1, "path")
                    _ = try call.optional(2) { try call.integer(2, "count") }
                    return []
                },
                .immediate("configure") { call in
                    let options = try call.options(at: 1)
                    _ = try options.string("kernel")
                    _ = try options.integer("smp")
                    _ = try options.bool("quiet")
                    _ = try options.strings("append")
                    _ = try options.seconds("timeout")
                    try options.finish()
                    return []
                },
            ],
            constants: [("version", "1.0")],
            submodules: [LuaModule("sub", primitives: [.immediate("one") { _ in [1] }])])
    }
}
