import Glibc
import LuaBridge
import QshRuntime

/// What the REPL does in its session: runs inputs, shows results, knows names.
@LoopActor
final class Interaction {
    let session: Session
    private let results: LuaFunction
    private let incomplete: LuaFunction
    private let candidates: LuaFunction
    private let running: LuaFunction

    init(_ session: Session) async throws {
        self.session = session
        try session.lua.install(
            LuaModule("__qsh_repl", primitives: [.immediate("take", Self.take)]))
        let made = try await session.lua.evaluate(
            LuaChunk(InteractiveLua.source, name: "qsh"))
        var functions: [LuaFunction] = []
        for case .function(let function) in made { functions.append(function) }
        guard functions.count == 4 else { throw InteractionError() }
        results = functions[0]
        incomplete = functions[1]
        candidates = functions[2]
        running = functions[3]
    }

    /// `take()`: whether a line is being edited. `take(text)` prints the text above it.
    private static func take(_ call: LuaCall) throws -> [LuaValue] {
        if !call.value(at: 1).isNull { PromptOutput.shared.write(try call.bytes(1, "text")) }
        return [.bool(PromptOutput.shared.isNeeded)]
    }

    /// Whether the text is the beginning of a longer input.
    func isIncomplete(_ text: String) -> Bool {
        guard case .bool(true)? = try? incomplete.callWithoutWaiting([.text(text)]).first else {
            return false
        }
        return true
    }

    /// Runs one input and prints its results.
    ///
    /// - Returns: the verdict's code where it failed, and whether it is to end the session.
    func run(_ chunk: LuaChunk) async -> (status: Int32, ends: Bool) {
        let start = Deadline.now
        defer { session.lua.reportFailedTasks() }
        do {
            let values = try await session.lua.evaluate(chunk)
            if !values.isEmpty {
                let text = try results.callWithoutWaiting(values).first?.text ?? ""
                StandardOutput.write(text + "\n")
            }
            showTime(since: start)
            return (Verdict.ok.exitCode, false)
        } catch let exit as LuaExit {
            return (exit.status, true)
        } catch let error as LuaError {
            StandardError.write(DiagnosticRenderer.standardError.render(error))
            showTime(since: start)
            return (error.diagnostic.verdict.exitCode, false)
        } catch {
            return (Session.report(error), false)
        }
    }

    private func showTime(since start: Deadline) {
        guard isatty(2) == 1 else { return }
        let seconds = Deadline.now.secondsOfClock - start.secondsOfClock
        guard seconds >= 1 else { return }
        let tenths = Int((seconds * 10).rounded())
        StandardError.write("(\(tenths / 10).\(tenths % 10) s)\n")
    }

    /// What TAB does after `line`.
    func completion(of line: String) -> LineEditor.Completion? {
        guard let found = try? candidates.callWithoutWaiting([.text(line)]), found.count == 2,
            let prefix = found[0].text, case .table(let table) = found[1]
        else { return nil }
        let names = table.sequence.compactMap { item -> (name: String, type: String)? in
            guard case .table(let pair) = item, pair.sequence.count == 2 else { return nil }
            return (pair.sequence[0].text ?? "", pair.sequence[1].text ?? "")
        }
        guard let first = names.first else { return nil }
        var common = first.name.utf8.count
        for other in names.dropFirst() {
            let same = zip(first.name.utf8, other.name.utf8).prefix { $0 == $1 }
            common = min(common, same.count)
        }
        var completion = LineEditor.Completion()
        completion.insertion = String(
            decoding: Array(first.name.utf8.prefix(common)).dropFirst(prefix.utf8.count),
            as: UTF8.self)
        if names.count == 1 {
            if first.type == "function" { completion.insertion += "(" }
        } else if completion.insertion.isEmpty {
            completion.candidates = names.map { $0.type == "function" ? $0.name + "(" : $0.name }
        }
        return completion
    }

    /// Closes the machines that still run, saying so, and the session.
    func close() async {
        let machines = (try? running.callWithoutWaiting().first) ?? .null
        if case .table(let table) = machines {
            for case .table(let pair) in table.sequence where pair.sequence.count == 2 {
                guard case .object(let machine) = pair.sequence[1] else { continue }
                let name = pair.sequence[0].text ?? ""
                let words = name.isEmpty ? "a machine" : "`\(name)`"
                StandardError.write("qsh: closing \(words): \(machine.luaDescription)\n")
                await machine.luaClose()
            }
        }
        await session.lua.close()
    }
}

/// A mistake of qsh's own.
private struct InteractionError: DiagnosticError {
    let diagnostic = Diagnostic(
        .recipeFailed, "internal error: the interactive part did not load")
}
