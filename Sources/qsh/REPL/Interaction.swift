import Glibc
import LuaBridge
import QshRuntime

/// What the REPL does in its session: runs inputs, shows results, knows names.
@LoopActor
final class Interaction {
    let session: Session
    /// What was typed here.
    var record = SessionRecord()
    private let functions: Functions

    /// The functions of ``InteractiveLua``.
    private struct Functions {
        var results, incomplete, candidates, running, resolve: LuaFunction
        var inSight, isExpression, lookAt, lookAway, freeze: LuaFunction

        init?(_ made: [LuaValue]) {
            var found: [LuaFunction] = []
            for case .function(let function) in made { found.append(function) }
            guard found.count == 10 else { return nil }
            (results, incomplete, candidates) = (found[0], found[1], found[2])
            (running, resolve, inSight, isExpression) = (found[3], found[4], found[5], found[6])
            (lookAt, lookAway, freeze) = (found[7], found[8], found[9])
        }
    }

    init(_ session: Session) async throws {
        self.session = session
        try session.lua.install(
            LuaModule("__qsh_repl", primitives: [.immediate("take", Self.take)]))
        let made = try await session.lua.evaluate(
            LuaChunk(InteractiveLua.source, name: "[qsh]"))
        guard let functions = Functions(made) else { throw InteractionError() }
        self.functions = functions
        try session.lua.install(global: .immediate("help") { try self.help($0) })
    }

    /// `take()`: whether a line is being edited. `take(text)` prints the text above it.
    private static func take(_ call: LuaCall) throws -> [LuaValue] {
        if !call.value(at: 1).isNull { PromptOutput.shared.write(try call.bytes(1, "text")) }
        return [.bool(PromptOutput.shared.isNeeded)]
    }

    /// Runs one input and prints its results.
    ///
    /// - Parameters:
    ///   - text: as it was typed.
    ///   - linesBefore: how many lines the inputs before it had, as errors count them.
    func run(_ text: String, named name: String, linesBefore: Int) async -> InputOutcome {
        let start = Deadline.now
        let breaks = String(repeating: "\n", count: linesBefore)
        let chunk = LuaChunk(breaks + PromptLocals(text).text, name: name)
        defer { session.lua.reportFailedTasks() }
        do {
            let values = try await session.lua.evaluate(chunk) { [functions] in
                try functions.inSight.callWithoutWaiting([$0]).first ?? $0
            }
            record.keep(text, isExpression: isExpression(text))
            if !values.isEmpty {
                let text = try functions.results.callWithoutWaiting(values).first?.text ?? ""
                StandardOutput.write(text + "\n")
            }
            showTime(since: start)
            return InputOutcome(status: Verdict.ok.exitCode)
        } catch let exit as LuaExit {
            return InputOutcome(status: exit.status, exit: exit)
        } catch let error as LuaError {
            StandardError.write(
                DiagnosticRenderer.standardError.render(
                    error, sources: SourceLines(prompt: record.lines)))
            showTime(since: start)
            return InputOutcome(status: error.diagnostic.verdict.exitCode, error: error)
        } catch {
            return InputOutcome(status: Session.report(error))
        }
    }

    private func isExpression(_ text: String) -> Bool {
        guard let answer = try? functions.isExpression.callWithoutWaiting([.text(text)]).first,
            case .bool(true) = answer
        else { return false }
        return true
    }

    private func showTime(since start: Deadline) {
        guard isatty(2) == 1 else { return }
        let seconds = Deadline.now.secondsOfClock - start.secondsOfClock
        guard seconds >= 1 else { return }
        let tenths = Int((seconds * 10).rounded())
        StandardError.write("(\(tenths / 10).\(tenths % 10) s)\n")
    }

    // MARK: names

    /// What may stand behind `text`: the part of the name that is there, and all names with types.
    func candidates(after text: String) -> (begun: String, names: [(name: String, type: String)]) {
        let found = try? functions.candidates.callWithoutWaiting([.text(text)])
        guard let found, found.count == 2, case .table(let table) = found[1] else {
            return ("", [])
        }
        return (found[0].text ?? "", Self.pairs(table))
    }

    private static func pairs(_ table: LuaTable) -> [(name: String, type: String)] {
        table.sequence.compactMap { item in
            guard case .table(let pair) = item, pair.sequence.count == 2 else { return nil }
            return (pair.sequence[0].text ?? "", pair.sequence[1].text ?? "")
        }
    }

    /// What a path like `m.console:expect` is: its Lua type (`object`, `field` for those of qsh's
    /// own), its name in the description of the API, and how it shows.
    func resolve(_ path: String) -> (kind: String, name: String?, shown: String?) {
        let found = (try? functions.resolve.callWithoutWaiting([.text(path)])) ?? []
        return (
            found.first?.text ?? "nil", found.count > 1 ? found[1].text : nil,
            found.count > 2 ? found[2].text : nil
        )
    }

    /// The machines that run, each with the global variable it is in.
    func machines() -> [(name: String, machine: any LuaObject)] {
        guard case .table(let table)? = try? functions.running.callWithoutWaiting().first else {
            return []
        }
        return table.sequence.compactMap { item in
            guard case .table(let pair) = item, pair.sequence.count == 2,
                case .object(let machine) = pair.sequence[1]
            else { return nil }
            return (pair.sequence[0].text ?? "", machine)
        }
    }

    /// `help(name)`, where a value does as well: `help(qsh.machine.boot)`.
    private func help(_ call: LuaCall) throws -> [LuaValue] {
        let text: String
        switch call.value(at: 1) {
        case .null: text = HelpText.overview
        case .string(let bytes): text = HelpText(self).text(String(decoding: bytes, as: UTF8.self))
        default:
            let value = try call.pinned(at: 1)
            text = HelpText(self).text(named: try resolve(value: value))
        }
        PromptOutput.shared.show(text)
        return []
    }

    private func resolve(value: LuaValue) throws -> String {
        let found = try functions.resolve.callWithoutWaiting([.null, value])
        return found.count > 1 ? found[1].text ?? "" : ""
    }

    // MARK: breakpoints

    /// Makes the local variables of a suspended coroutine visible to inputs; without one, those
    /// that were frozen where the recipe failed.
    ///
    /// - Returns: where it is, and its variables with their values, a line each.
    func look(at coroutine: LuaValue = .null) throws -> (location: String, locals: String) {
        let found = try functions.lookAt.callWithoutWaiting([coroutine])
        return (found.first?.text ?? "", found.count > 1 ? found[1].text ?? "" : "")
    }

    func lookAway() { _ = try? functions.lookAway.callWithoutWaiting() }

    /// Has the stack frozen where an error leaves a task, before it unwinds, and then calls
    /// `failed` with the error's text.
    func freezeFailures(_ failed: @escaping @LoopActor @Sendable (String) -> Void) throws {
        try session.lua.install(
            global: .immediate("__qsh_failed") { call in
                failed(try call.string(1, "message"))
                return []
            })
        _ = try functions.freeze.callWithoutWaiting()
    }

    /// Closes the machines that still run, saying so, and the session.
    func close() async {
        for (name, machine) in machines() {
            let words = name.isEmpty ? "a machine" : "`\(name)`"
            StandardError.write("qsh: closing \(words): \(machine.luaDescription)\n")
            await machine.luaClose()
        }
        await session.lua.close()
    }
}

extension Interaction: LineEditing {
    func completion(of text: String) -> LineCompletion? { Completer(self).completion(of: text) }

    /// Whether the text is the beginning of a longer input.
    func isIncomplete(_ text: String) -> Bool {
        guard !PromptCommand.isOne(text),
            case .bool(true)? = try? functions.incomplete.callWithoutWaiting([.text(text)]).first
        else { return false }
        return true
    }
}

/// How an input ended.
struct InputOutcome: Sendable {
    /// The verdict's code.
    var status: Int32
    /// It called `os.exit`.
    var exit: LuaExit?
    var error: LuaError?
}

/// A mistake of qsh's own.
private struct InteractionError: DiagnosticError {
    let diagnostic = Diagnostic(
        .recipeFailed, "internal error: the interactive part did not load")
}
