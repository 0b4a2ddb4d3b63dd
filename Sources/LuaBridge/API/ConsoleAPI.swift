import QshRuntime
import SystemPackage

/// A machine's serial console; recipes hold it as `qsh.console`.
@LoopActor
final class ConsoleObject: LuaObject {
    let console: Console
    /// Limit of a wait that names none, in seconds.
    private let timeout: Double
    /// The machine's own end of the story: what a failed wait is to be reported as.
    private let explain: @LoopActor (any Error) async -> any Error
    /// Hands the console to the user's terminal.
    private let interact: @LoopActor (EscapePrefix?) async throws -> String

    init(
        _ console: Console, timeout: Double,
        explain: @escaping @LoopActor (any Error) async -> any Error,
        interact: @escaping @LoopActor (EscapePrefix?) async throws -> String
    ) {
        self.console = console
        self.timeout = timeout
        self.explain = explain
        self.interact = interact
    }

    static let luaType = LuaType(
        "qsh.console",
        methods: [
            .suspending("expect", hasTry: true) { try await expect($0) },
            .suspending("send") { call in
                let typing = try typing(call)
                try await send(call) { try await $0.type($1, typing) }
                return []
            },
            .suspending("sendline") { try await sendline($0) },
            .suspending("sendcontrol") {
                try await send($0, "key") { console, key in
                    try await console.sendcontrol(String(decoding: key, as: UTF8.self))
                }
                return []
            },
            .suspending("settle", hasTry: true) { try await settle($0) },
            .suspending("interact") { call in
                try await call.receiver(as: ConsoleObject.self).interact(call)
            },
        ],
        properties: [
            LuaProperty("transcript", of: ConsoleObject.self) { object in
                object.console.transcript.path.map { .text($0.string) } ?? .null
            },
            LuaProperty("last_lines", of: ConsoleObject.self) { object in
                let limit = object.console.configuration.lastLines
                return .list(object.console.transcript.lastLines(limit).map { .text($0) })
            },
            LuaProperty("unmatched", of: ConsoleObject.self) { .string($0.console.unmatched) },
            LuaProperty("dmesg", of: ConsoleObject.self) { object in
                .list(object.console.dmesg.map { .table($0.luaTable) })
            },
        ])

    var luaDescription: String {
        "qsh.console (\(console.transcript.count) bytes\(console.hasEnded ? ", ended" : ""))"
    }

    /// `console:expect(text | { text, … }, { pattern, timeout, silence, bytes, resend })`
    private static func expect(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: ConsoleObject.self)
        let options = try call.options(at: 2)
        let isPattern = try options.bool("pattern") ?? false
        let total = try options.seconds("timeout") ?? object.timeout
        let silence = try options.seconds("silence")
        let bytes = try options.size("bytes")
        let resends = try options.integer("resend") ?? 0
        try options.finish()
        var limits = ExpectLimits(
            total: duration(total), silence: silence.flatMap(duration), bytes: bytes)
        limits.resends = max(0, resends)
        let patterns = try texts(call, 1).map { text in
            isPattern ? try ConsolePattern.lua(text) : try ConsolePattern.literal(text)
        }
        let result = try await object.explained {
            try await object.console.expect(patterns, limits: limits)
        }
        return [.table(result.luaTable)]
    }

    /// The first argument: one string, or a list of alternatives.
    private static func texts(_ call: LuaCall, _ index: Int) throws -> [[UInt8]] {
        if case .string(let text) = call.value(at: index) { return [text] }
        let form = "a string or a list of strings"
        guard case .table(let table) = call.value(at: index), table.fields.isEmpty,
            !table.sequence.isEmpty
        else { throw call.mismatch(index, "text", expects: form) }
        return try table.sequence.map { item in
            guard case .string(let text) = item else {
                throw call.mismatch(index, "text", expects: form)
            }
            return text
        }
    }

    /// The options of `send` and `sendline`: `{ pace, echo }`.
    private static func typing(_ call: LuaCall) throws -> ConsoleTyping {
        let options = try call.options(at: 2)
        let typing = ConsoleTyping(
            pace: .seconds(try options.seconds("pace") ?? 0),
            checksEcho: try options.bool("echo") ?? false)
        try options.finish()
        return typing
    }

    private static func send(
        _ call: LuaCall, _ argument: String = "text",
        _ body: (Console, [UInt8]) async throws -> Void
    ) async throws {
        let object = try call.receiver(as: ConsoleObject.self)
        let text = try call.bytes(1, argument)
        try await object.explained { try await body(object.console, text) }
    }

    private static func sendline(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: ConsoleObject.self)
        let text = try call.optional(1) { try call.string(1, "text") } ?? ""
        let typing = try typing(call)
        try await object.explained { try await object.console.sendline(text, typing: typing) }
        return []
    }

    /// `console:settle(seconds, { timeout })`: waits until nothing was printed for so long.
    private static func settle(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: ConsoleObject.self)
        let quiet = try call.optional(1) { try call.number(1, "seconds") } ?? 1
        let options = try call.options(at: 2)
        let limit = try options.seconds("timeout") ?? object.timeout
        try options.finish()
        try await object.explained {
            try await object.console.settle(
                quiet: .seconds(quiet), limit: duration(limit) ?? .seconds(1_000_000_000))
        }
        return []
    }

    /// `console:interact { escape = "^]" }`: returns why it ended.
    func interact(_ call: LuaCall) async throws -> [LuaValue] {
        let options = try call.options(at: 1)
        let escape: EscapePrefix?
        switch options.value("escape") {
        case nil: escape = .standard
        case .bool(false): escape = nil
        case .string(let text): escape = try EscapePrefix(String(decoding: text, as: UTF8.self))
        default: throw options.mismatch("escape", expects: #"a key like "^]", or false"#)
        }
        try options.finish()
        return [.text(try await interact(escape))]
    }

    private func explained<Result>(_ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch { throw await explain(error) }
    }

    /// No duration for `math.huge`.
    private static func duration(_ seconds: Double) -> Duration? {
        seconds < 9e9 ? .seconds(seconds) : nil
    }
}

extension ExpectResult {
    /// `{ before, match, after, captures, index, elapsed }`, the index counted from 1.
    var luaTable: LuaTable {
        let captures = captures.map { capture -> LuaValue in
            switch capture {
            case .text(let bytes): .string(bytes)
            case .position(let position): .integer(position)
            }
        }
        return LuaTable(fields: [
            .init("before", .string(before)), .init("match", .string(match)),
            .init("after", .string(after)), .init("captures", .list(captures)),
            .init("index", .integer(index + 1)), .init("elapsed", .number(elapsed.seconds)),
        ])
    }
}

extension KernelLine {
    /// `{ time, level, text }`, the time in seconds since the kernel started.
    var luaTable: LuaTable {
        LuaTable(
            fields: [
                .init("time", .number(seconds)), .init("text", .string(text)),
            ] + (level.map { [.init("level", .integer($0))] } ?? []))
    }
}

extension LuaOptions {
    /// A number of bytes, or a size such as "64K".
    fileprivate func size(_ key: String) throws -> Int? {
        switch value(key) {
        case nil: return nil
        case .string(let text):
            guard let size = ByteSize(String(decoding: text, as: UTF8.self)) else {
                throw mismatch(key, expects: ByteSize.expected)
            }
            return Int(size.bytes)
        default: return try integer(key)
        }
    }
}
