import QshRuntime
import SystemPackage

/// `qsh.proc`: commands on the host.
enum ProcAPI {
    static func module() -> LuaModule {
        LuaModule(
            "proc",
            primitives: [
                .suspending("run") { try await run($0, raises: true) },
                .suspending("try_run") { try await run($0, raises: false) },
            ])
    }

    /// `qsh.proc.run({ "make", "-j2" }, { cwd, env, stdin, timeout })`
    ///
    /// `run` raises where the command fails, `try_run` returns its result all the same.
    @LoopActor
    private static func run(_ call: LuaCall, raises: Bool) async throws -> [LuaValue] {
        let words = try call.table(1, "cmd").sequence.map { word -> String in
            guard let text = word.text else {
                throw call.mismatch(1, "cmd", expects: "a list of strings")
            }
            return text
        }
        guard !words.isEmpty else {
            throw call.mismatch(1, "cmd", expects: "a list that starts with a program")
        }
        let options = try call.options(at: 2)
        let environment = try options.environment("env")
        let folder = try options.string("cwd").map { FilePath($0) }
        let input = try options.bytes("stdin") ?? []
        let timeout = try options.seconds("timeout") ?? 600
        try options.finish()
        let command = Command(words, environment: environment, workingDirectory: folder)
        let result = try await CommandRunner.run(
            command, input: input, until: .after(seconds: timeout))
        if raises && !result.succeeded { throw CommandFailure(command, result, timeout) }
        return [.table(result.luaTable)]
    }
}

extension LuaOptions {
    /// A table of variables; `false` removes one.
    func environment(_ key: String) throws -> [String: String?] {
        var environment: [String: String?] = [:]
        for (name, value) in try table(key)?.named ?? [] {
            switch value {
            case .string(let bytes): environment[name] = String(decoding: bytes, as: UTF8.self)
            case .integer(let number): environment[name] = String(number)
            case .bool(false): environment[name] = .some(nil)
            default: throw mismatch(key, expects: "strings, or false to remove one", got: value)
            }
        }
        return environment
    }
}

extension CommandResult {
    /// `{ code, signal, stdout, stderr }`
    var luaTable: LuaTable {
        LuaTable(fields: [
            .init("code", code.map { .integer(Int64($0)) } ?? .null),
            .init("signal", signal.map { .integer(Int64($0)) } ?? .null),
            .init("stdout", .string(stdout)), .init("stderr", .string(stderr)),
        ])
    }
}

/// A host command that ended badly where it had to succeed.
struct CommandFailure: DiagnosticError, Equatable {
    private let command: Command
    private let result: CommandResult
    private let timeout: Double

    init(_ command: Command, _ result: CommandResult, _ timeout: Double) {
        self.command = command
        self.result = result
        self.timeout = timeout
    }

    var diagnostic: Diagnostic {
        let why =
            switch (result.timedOut, result.signal) {
            case (true, _): "it did not end in \(timeout) s"
            case (_, let signal?): "signal \(signal) killed it"
            default: "it ended with status \(result.code ?? 0)"
            }
        let said = result.errorText.isEmpty ? result.outputText : result.errorText
        let lines = said.split(separator: "\n").suffix(20).joined(separator: "\n")
        return Diagnostic(
            result.timedOut ? .timeout : .recipeFailed, "command `\(command.program)`: \(why)",
            notes: lines.isEmpty ? [] : ["it said last:\n\(lines)"],
            reproduce: command.shellQuoted)
    }
}
