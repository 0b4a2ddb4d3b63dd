import QshRuntime
import SystemPackage

extension MachineObject {
    /// QMP and what is made of it.
    static let controlMethods: [LuaPrimitive] = [
        .suspending("qmp", hasTry: true) { try await qmp($0) },
        .suspending("wait_event", hasTry: true) { try await waitEvent($0) },
        .suspending("pause", hasTry: true) {
            try await control($0) { try await $0.pause(until: $1) }
        },
        .suspending("resume", hasTry: true) {
            try await control($0) { try await $0.resume(until: $1) }
        },
        .suspending("reset", hasTry: true) {
            try await control($0) { try await $0.reset(until: $1) }
        },
        .suspending("powerdown", hasTry: true) {
            try await control($0) { try await $0.pressPowerButton(until: $1) }
        },
        .suspending("screenshot", hasTry: true) { try await screenshot($0) },
        .suspending("send_key", hasTry: true) { try await sendKey($0) },
        .suspending("type", hasTry: true) { try await type($0) },
        .suspending("gdb", hasTry: true) { try await gdb($0) },
        .suspending("dump", hasTry: true) { try await dump($0) },
        .suspending("snapshot", hasTry: true) { try await snapshot($0) },
    ]

    /// `machine:qmp("query-status", { … }, { timeout })`
    private static func qmp(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let command = try call.string(1, "command")
        let arguments = try call.optional(2) { try call.table(2, "arguments") } ?? LuaTable()
        guard let json = JSONValue(arguments), arguments.sequence.isEmpty else {
            throw call.mismatch(2, "arguments", expects: "a table of names and plain values")
        }
        let deadline = try object.deadline(call.options(at: 3))
        return try await object.attributed { machine in
            [try await machine.qmp.execute(command, json, until: deadline).luaValue]
        }
    }

    /// `machine:wait_event("RESUME" | { "RESUME", … }, { timeout })`
    private static func waitEvent(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let names: [String]
        switch call.value(at: 1) {
        case .string(let name): names = [String(decoding: name, as: UTF8.self)]
        case .table(let table) where table.fields.isEmpty && !table.sequence.isEmpty:
            names = table.sequence.compactMap(\.text)
        default: throw call.mismatch(1, "name", expects: "a string or a list of strings")
        }
        let deadline = try object.deadline(call.options(at: 2))
        return try await object.attributed { machine in
            [.table(try await machine.qmp.nextEvent(of: names, until: deadline).luaTable)]
        }
    }

    private static func control(
        _ call: LuaCall, _ body: @LoopActor (Machine, Deadline) async throws -> Void
    ) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let deadline = try object.deadline(call.options(at: 1))
        return try await object.attributed { machine in
            try await body(machine, deadline)
            return []
        }
    }

    /// `machine:screenshot(path, { timeout })`
    private static func screenshot(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let path = try call.string(1, "path")
        let deadline = try object.deadline(call.options(at: 2))
        return try await object.attributed { machine in
            try await machine.screenshot(to: FilePath(path), until: deadline)
            return [.text(path)]
        }
    }

    /// `machine:send_key("ctrl-alt-delete", { timeout })`
    private static func sendKey(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let text = try call.string(1, "key")
        let deadline = try object.deadline(call.options(at: 2))
        let keys = text == "-" ? ["-"] : text.split(separator: "-").map(String.init)
        return try await object.attributed { machine in
            try await machine.press(keys, until: deadline)
            return []
        }
    }

    /// `machine:type(text, { timeout })`
    private static func type(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let text = try call.string(1, "text")
        let deadline = try object.deadline(call.options(at: 2))
        return try await object.attributed { machine in
            try await machine.type(text, until: deadline)
            return []
        }
    }

    /// `machine:gdb { port, socket, symbols }`: the command line to attach.
    private static func gdb(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let options = try call.options(at: 1)
        let request = try DebugRequest(options: options)
        try options.finish()
        return [.text(try await object.startDebugServer(request))]
    }

    /// Starts the server, says how to attach, and returns it.
    func startDebugServer(_ request: DebugRequest) async throws -> String {
        let deadline = Deadline.after(seconds: timeout)
        let server = try await attributed { machine in
            try await machine.startDebugServer(
                at: request.endpoint, symbols: request.symbols, until: deadline)
        }
        services.note("gdb: attach with: \(server.command)")
        for note in server.notes { services.note("gdb: \(note)") }
        return server.command
    }

    /// `machine:dump(path, { format, timeout })`
    private static func dump(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let path = try call.string(1, "path")
        let options = try call.options(at: 2)
        var format = Machine.DumpFormat.elf
        if let name = try options.string("format") {
            guard let known = Machine.DumpFormat(rawValue: name) else {
                let all = Machine.DumpFormat.allCases.map { "\"\($0.rawValue)\"" }
                throw options.mismatch("format", expects: all.joined(separator: " or "))
            }
            format = known
        }
        let deadline = try object.deadline(options)
        return try await object.attributed { machine in
            try await machine.dump(to: FilePath(path), format: format, until: deadline)
            return [.text(path)]
        }
    }

    /// The last of the options, `timeout`, as a moment.
    func deadline(_ options: LuaOptions) throws -> Deadline {
        let seconds = try options.seconds("timeout") ?? timeout
        try options.finish()
        return deadline(seconds)
    }

    /// Reports a failure as what it means for the machine.
    func attributed<Result>(
        _ body: @LoopActor (Machine) async throws -> Result
    ) async throws -> Result {
        do { return try await body(machine) } catch {
            throw await machine.explanation(of: error)
        }
    }
}

/// What a recipe says of gdb's server.
@LoopActor
struct DebugRequest {
    var endpoint: DebugEndpoint?
    var symbols: FilePath?

    /// Reads `gdb = true | port | "socket" | { port, socket, symbols }`.
    init?(_ options: LuaOptions, _ key: String) throws {
        let form = "true, a port, the path of a socket, or a table like { port = 1234 }"
        switch options.value(key) {
        case nil, .bool(false): return nil
        case .bool(true): break
        case .string(let path): endpoint = .socket(FilePath(String(decoding: path, as: UTF8.self)))
        case .table(let table):
            let inner = LuaOptions(table, function: "\(options.functionName): \(key)")
            try read(inner)
            try inner.finish()
        case let value?:
            guard let number = value.wholeNumber, let port = UInt16(exactly: number), port > 0
            else { throw options.mismatch(key, expects: form) }
            endpoint = .port(port)
        }
    }

    /// Reads `port`, `socket` and `symbols`.
    init(options: LuaOptions) throws { try read(options) }

    private mutating func read(_ options: LuaOptions) throws {
        let port = try options.integer("port")
        let socket = try options.string("socket")
        symbols = try options.string("symbols").map { FilePath($0) }
        if port != nil, socket != nil {
            throw APIError.exclusive(options.functionName, "port", "socket")
        }
        if let port {
            guard let number = UInt16(exactly: port), number > 0 else {
                throw options.mismatch("port", expects: "a port from 1 to 65535")
            }
            endpoint = .port(number)
        } else if let socket {
            endpoint = .socket(FilePath(socket))
        }
    }
}
