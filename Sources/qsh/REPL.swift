import Glibc
import LuaBridge
import QshRuntime
import SystemPackage

/// The interactive half: reads a statement, runs it, shows what it gave.
///
/// Lines are read from outside the event loop, which goes on meanwhile (see `LineEditor`).
final class REPL {
    private let invocation: Invocation
    private let history = HistoryFile()

    init(_ invocation: Invocation) { self.invocation = invocation }

    /// - Returns: the exit code.
    func run() -> Int32 {
        let invocation = invocation
        guard let session = onLoop({ try Session.open(invocation) }) else {
            return Verdict.recipeFailed.exitCode
        }
        let names = Completion(session)
        guard let editor = LineEditor(complete: { names.insertion(in: $0, cursor: $1) }) else {
            return Session.report(REPLError.noTerminal)
        }
        history.entries().forEach(editor.addToHistory)
        if !invocation.isQuiet {
            StandardError.write(
                "qsh 0.1.0 on Lua 5.4. Ctrl-C stops what runs, Ctrl-D or os.exit() leaves.\n")
        }
        let signals = onLoop { session.watchSignals(editor: editor) }
        let status = readAndRun(session, editor)
        onLoop {
            signals?.cancel()
            await session.lua.close()
        }
        return status
    }

    private func readAndRun(_ session: Session, _ editor: LineEditor) -> Int32 {
        var pending = ""
        while true {
            switch editor.readLine(prompt: pending.isEmpty ? "qsh> " : "...> ") {
            case .interrupted:
                pending = ""
                StandardError.write("\n")
            case .end:
                StandardError.write("\n")
                return Verdict.ok.exitCode
            case .text(let line):
                let text = pending.isEmpty ? line : pending + "\n" + line
                if text.allSatisfy(\.isWhitespace) { continue }
                let chunk = LuaChunk(text, name: "repl")
                if onLoop({ session.lua.isIncomplete(chunk) }) == true {
                    pending = text
                    continue
                }
                pending = ""
                editor.addToHistory(text)
                history.append(text)
                if let status = onLoop({ await session.evaluate(chunk) }) ?? nil { return status }
            }
        }
    }

    /// Runs the loop until `body` has ended. An error is reported and gives nil.
    @discardableResult
    private func onLoop<Result: Sendable>(
        _ body: @escaping @LoopActor @Sendable () async throws -> Result
    ) -> Result? {
        let result = Box<Result?>(nil)
        LoopActor.task {
            do { result.value = try await body() } catch { _ = Session.report(error) }
            EventLoop.shared.stop()
        }
        EventLoop.shared.run()
        return result.value
    }
}

extension Session {
    /// Runs one input and prints its results.
    ///
    /// - Returns: the exit code where the input ended the session.
    func evaluate(_ chunk: LuaChunk) async -> Int32? {
        do {
            let results = try await lua.evaluate(chunk)
            if !results.isEmpty {
                let line = results.map { lua.describe($0) }.joined(separator: "\t") + "\n"
                StandardOutput.write(line)
            }
        } catch let exit as LuaExit {
            return exit.status
        } catch let error as LuaError {
            StandardError.write(DiagnosticRenderer.standardError.render(error))
        } catch {
            _ = Session.report(error)
        }
        lua.reportFailedTasks()
        return nil
    }
}

/// The terminal cannot be used for editing.
enum REPLError: DiagnosticError {
    case noTerminal

    var diagnostic: Diagnostic {
        Diagnostic(
            .usage, "cannot edit lines: the terminal `\(terminal)` is not known here",
            hint: "set TERM, or give the recipe by `qsh -`")
    }

    private var terminal: String { getenv("TERM").map { String(cString: $0) } ?? "" }
}

/// Completes names of globals and fields, without running any metamethod.
private struct Completion {
    let session: Session

    init(_ session: Session) { self.session = session }

    /// The longest text that every candidate continues with; nil where there is none.
    func insertion(in line: String, cursor: Int) -> String? {
        let before = String(decoding: Array(line.utf8.prefix(cursor)), as: UTF8.self)
        let word = String(
            before.reversed().prefix { $0.isLetter || $0.isNumber || "_.:".contains($0) }
                .reversed())
        var path = word.split(omittingEmptySubsequences: false) { ".:".contains($0) }
            .map(String.init)
        let prefix = path.popLast() ?? ""
        let names = LoopActor.assumeIsolated { session.lua.names(at: path) }
        let candidates = names.filter { $0.name.hasPrefix(prefix) }
        guard let first = candidates.first else { return nil }
        var common = Substring(first.name)
        for candidate in candidates {
            common =
                common[
                    ..<common.index(
                        common.startIndex,
                        offsetBy: zip(common, candidate.name)
                            .prefix { $0 == $1 }.count)]
        }
        var insertion = String(common.dropFirst(prefix.count))
        if candidates.count == 1, first.type == "function" { insertion += "(" }
        return insertion
    }
}
