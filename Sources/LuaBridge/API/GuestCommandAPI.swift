import Glibc
import QshRuntime
import SystemPackage

/// What the status of a command in the guest must be.
enum GuestExpectation {
    case anything
    case success
    case failure
}

extension MachineObject {
    /// `machine:execute(command, { stdin, timeout, env, cwd, on_stdout, on_stderr })`
    ///
    /// The command is a text for the guest's shell, or a list: a program with its arguments.
    static func execute(
        _ call: LuaCall, _ expectation: GuestExpectation
    ) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let request = try GuestRequest(call, object)
        let result = try await object.run(request)
        let isWrong =
            switch expectation {
            case .anything: false
            case .success: !result.succeeded
            case .failure: result.succeeded
            }
        if isWrong { throw GuestCommandFailure(request.text, result, expectation) }
        return [.table(result.luaTable)]
    }

    /// `machine:wait_until_succeeds(command, { timeout, interval, … })`
    static func untilSucceeds(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let request = try GuestRequest(call, object)
        while true {
            let result = try await object.run(request)
            if result.succeeded { return [.table(result.luaTable)] }
            let next = Deadline.after(seconds: request.interval)
            guard next < request.deadline else {
                throw GuestCommandFailure(request.text, result, .success)
            }
            _ = try await object.machine.changed.wait(until: next) { object.machine.exit != nil }
        }
    }

    /// `machine:copy_to(host_path, guest_path, { mode, timeout })`
    static func copyTo(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let host = try call.string(1, "host_path")
        let guest = try call.string(2, "guest_path")
        let options = try call.options(at: 3)
        let mode = try options.string("mode").map { try QshRuntime.FileMode(parsing: $0) }
        let deadline = object.deadline(try options.seconds("timeout") ?? object.timeout)
        try options.finish()
        if isFolder(host) {
            try await object.overAgent { commands in
                try await commands.copyTreeIn(FilePath(host), to: guest, until: deadline)
            }
            return []
        }
        let file = try HostFileReader(FilePath(host))
        let permissions = mode.map { UInt32($0.bits) } ?? file.permissions
        try await object.overAgent { commands in
            try await commands.copyIn(
                guest, mode: permissions, from: .source { try file.next() }, until: deadline)
        }
        return []
    }

    /// `machine:copy_from(guest_path, host_path, { timeout })`
    static func copyFrom(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let guest = try call.string(1, "guest_path")
        let host = try call.string(2, "host_path")
        let options = try call.options(at: 3)
        let deadline = object.deadline(try options.seconds("timeout") ?? object.timeout)
        try options.finish()
        let file = try FileDraft(for: FilePath(host))
        let isFile = try await object.overAgent { commands in
            do {
                try await commands.copyOut(guest, until: deadline) { try file.write($0) }
                return true
            } catch GuestAgentError.file(_, _, .isDirectory) {
                try await commands.copyTreeOut(guest, to: FilePath(host), until: deadline)
                return false
            }
        }
        if isFile { try file.commit() }
        return []
    }

    /// `machine:start(command, { stdin, env, cwd, on_stdout, on_stderr })`: does not wait.
    static func start(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let request = try GuestRequest(call, object)
        let process = try await object.overAgent { commands in
            try await commands.start(request.command, until: request.deadline)
        }
        return [.object(GuestProcessObject(process, object))]
    }

    /// `machine:wait_for_file(path, { timeout, interval })`
    static func waitForFile(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let path = try call.string(1, "path")
        let line = "test -e \(Command.shellQuoted(path))"
        try await object.poll(line, GuestWaitFailure.Subject.file(path), call.options(at: 2))
        return []
    }

    /// `machine:wait_for_port(port, { timeout, interval })`: until something listens there.
    static func waitForPort(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let number = try call.integer(1, "port")
        guard let port = UInt16(exactly: number), port > 0 else {
            throw call.mismatch(1, "port", expects: "a port from 1 to 65535")
        }
        // The kernel's own table (proc(5), net/tcp): local address, remote address, state; 0A is
        // TCP_LISTEN. Connecting would be seen by the program that listens.
        let digits = String(port, radix: 16, uppercase: true)
        let padded = String(repeating: "0", count: 4 - digits.count) + digits
        let line =
            "cat /proc/net/tcp /proc/net/tcp6 2>/dev/null"
            + " | grep -q ':\(padded) [0-9A-F]*:0000 0A'"
        try await object.poll(line, GuestWaitFailure.Subject.port(port), call.options(at: 2))
        return []
    }

    private func poll(
        _ line: String, _ subject: GuestWaitFailure.Subject, _ options: LuaOptions
    ) async throws {
        let limit = try options.seconds("timeout") ?? timeout
        let interval = try options.seconds("interval") ?? 0.1
        try options.finish()
        let deadline = deadline(limit)
        let request = GuestRequest(line, timeout: limit, until: deadline)
        let failure = GuestWaitFailure(
            subject: subject, limit: limit,
            scaled: machine.console.timeScale.words(for: .seconds(limit)))
        do {
            while try await !run(request).succeeded {
                let next = Deadline.after(seconds: interval)
                guard next < deadline else { throw failure }
                _ = try await machine.changed.wait(until: next) { machine.exit != nil }
            }
        } catch let error as any DiagnosticError where error.diagnostic.verdict == .timeout {
            throw failure
        }
    }

    private func run(_ request: GuestRequest) async throws -> GuestResult {
        guard hasAgent else {
            if let option = request.needsAgent { throw APIError.optionNeedsAgent(option) }
            return try await attributed { machine in
                try await ConsoleShell(machine.console).execute(
                    // The console stretches its limits itself.
                    request.text, limits: ExpectLimits(total: .seconds(request.timeout)))
            }
        }
        return try await overAgent { commands in
            try await commands.execute(request.command, until: request.deadline)
        }
    }

    private func overAgent<Result>(
        _ body: (CommandChannel) async throws -> Result
    ) async throws -> Result {
        guard hasAgent, let commands = machine.commands else { throw APIError.noAgent }
        return try await attributed { _ in try await body(commands) }
    }
}

/// One command as a recipe asked for it.
@LoopActor
private struct GuestRequest {
    let text: String
    let command: GuestCommand
    /// What the recipe says, in seconds, and when that is over.
    let timeout: Double
    let deadline: Deadline
    /// Seconds between two tries of `wait_until_succeeds`.
    let interval: Double
    /// An option that was given and that the console cannot carry.
    let needsAgent: String?

    init(_ line: String, timeout: Double, until deadline: Deadline) {
        text = line
        command = GuestCommand(.shell(line))
        self.timeout = timeout
        self.deadline = deadline
        interval = 0
        needsAgent = nil
    }

    init(_ call: LuaCall, _ object: MachineObject) throws {
        let program = try Self.program(call)
        let options = try call.options(at: 2)
        let input = try options.bytes("stdin").map { GuestInput.bytes($0) } ?? .none
        timeout = try options.seconds("timeout") ?? object.timeout
        let onStdout = try options.function("on_stdout")
        let onStderr = try options.function("on_stderr")
        let environment = try options.environment("env").compactMapValues { $0 }
        let folder = try options.string("cwd") ?? "/"
        interval = try options.seconds("interval") ?? 0.2
        needsAgent = ["stdin", "env", "cwd", "on_stdout", "on_stderr"]
            .first { options.value($0) != nil }
        try options.finish()
        switch program {
        case .shell(let line): text = line
        case .arguments(let words): text = Command(words).shellQuoted
        }
        deadline = object.deadline(timeout)
        command = GuestCommand(
            program, input: input, environment: environment, workingDirectory: folder,
            onOutput: Self.receiver(onStdout, onStderr))
    }

    private static func program(_ call: LuaCall) throws -> GuestCommand.Program {
        switch call.value(at: 1) {
        case .string(let bytes): return .shell(String(decoding: bytes, as: UTF8.self))
        case .table(let table) where table.fields.isEmpty && !table.sequence.isEmpty:
            return .arguments(
                try table.sequence.map { word in
                    guard let text = word.text else {
                        throw call.mismatch(1, "command", expects: "a list of strings")
                    }
                    return text
                })
        default:
            throw call.mismatch(1, "command", expects: "a string or a list of strings")
        }
    }

    private static func receiver(
        _ onStdout: LuaFunction?, _ onStderr: LuaFunction?
    ) -> GuestCommand.Receiver? {
        if onStdout == nil && onStderr == nil { return nil }
        return { stream, bytes in
            let function = stream == .stdout ? onStdout : onStderr
            _ = try await function?.call([.string(bytes)])
        }
    }
}

private func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

extension GuestResult {
    /// `{ code, signal, stdout, stderr }`
    var luaTable: LuaTable {
        LuaTable(fields: [
            .init("code", code.map { .integer(Int64($0)) } ?? .null),
            .init("signal", signal.map { .integer(Int64($0)) } ?? .null),
            .init("stdout", .string(stdout)), .init("stderr", .string(stderr)),
        ])
    }
}

/// A command in the guest whose status was not what the recipe asked for.
struct GuestCommandFailure: DiagnosticError, Equatable {
    private let text: String
    private let result: GuestResult
    private let expectation: GuestExpectation

    init(_ text: String, _ result: GuestResult, _ expectation: GuestExpectation) {
        self.text = text
        self.result = result
        self.expectation = expectation
    }

    var diagnostic: Diagnostic {
        let ending =
            result.signal.map { "signal \($0) killed it" }
            ?? "it ended with status \(result.code ?? 0)"
        let wanted = expectation == .failure ? ", expected it to fail" : ""
        let said = [("stdout", result.stdout), ("stderr", result.stderr)].compactMap {
            name, bytes -> String? in
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(10)
            return lines.isEmpty ? nil : "\(name):\n" + lines.joined(separator: "\n")
        }
        return Diagnostic(
            .recipeFailed, "guest command `\(text)`: \(ending)\(wanted)", notes: said)
    }
}
