import Glibc
import LuaBridge
import QshRuntime

/// The interactive half: reads a statement, runs it, shows what it gave.
///
/// Lines are read from outside the event loop, which goes on meanwhile (see `LineSource`). Without
/// a terminal, statements are read from standard input as they come, and the first error ends.
final class REPL {
    private let invocation: Invocation
    private let history = HistoryFile()
    private let hasTerminal = isatty(0) == 1 && isatty(1) == 1
    private var hasToldOfLocals = false
    private var editor: LineEditor?

    init(_ invocation: Invocation) { self.invocation = invocation }

    /// - Returns: the exit code.
    func run() -> Int32 {
        let invocation = invocation
        let opened = onLoop { try await Interaction(Session.open(invocation)) }
        guard let interaction = opened else { return Verdict.recipeFailed.exitCode }
        guard let lines = lineSource(interaction) else { return Session.report(REPLError()) }
        let signals = onLoop { interaction.session.watchSignals(lines: lines) }
        let status = readAndRun(interaction, lines, signals)
        onLoop {
            PromptOutput.shared.editor = nil
            PromptOutput.shared.finish()
            await interaction.close()
            signals?.cancel()
        }
        return status
    }

    private func lineSource(_ interaction: Interaction) -> (any LineSource)? {
        guard hasTerminal else { return PlainLines() }
        let editor = LineEditor { line in
            LoopActor.assumeIsolated { interaction.completion(of: line) }
        }
        guard let editor else { return nil }
        history.entries().forEach(editor.addToHistory)
        self.editor = editor
        onLoop { PromptOutput.shared.editor = editor }
        if !invocation.isQuiet {
            let version = onLoop { QshAPI.version } ?? ""
            StandardError.write(
                """
                qsh \(version) on Lua 5.4: Ctrl-C stops what runs, TAB completes, Ctrl-D leaves

                """)
        }
        return editor
    }

    private func readAndRun(
        _ interaction: Interaction, _ lines: any LineSource, _ signals: SignalHandling?
    ) -> Int32 {
        var input = Input()
        while true {
            let line = lines.readLine(prompt: input.isEmpty ? "qsh> " : "...> ")
            onLoop { PromptOutput.shared.finish() }
            if mustEnd(signals) { return Verdict.interrupted.exitCode }
            switch line {
            case .interrupted:
                guard hasTerminal else { return Verdict.interrupted.exitCode }
                StandardError.write("^C\n")
                input.clear()
            case .end:
                if hasTerminal { StandardError.write("\n") }
                if input.isEmpty { return Verdict.ok.exitCode }
                // What was begun is given up at a prompt, and is an error in a file.
                if !hasTerminal, let status = run(&input, interaction) { return status }
                input.clear()
            case .text(let text):
                input.append(text)
                if input.isBlank {
                    input.clear()
                    continue
                }
                let statement = input.text
                if onLoop({ interaction.isIncomplete(statement) }) == true { continue }
                if let status = run(&input, interaction) { return status }
                if mustEnd(signals) { return Verdict.interrupted.exitCode }
            }
        }
    }

    /// - Returns: the exit code where the input ends the session.
    private func run(_ input: inout Input, _ interaction: Interaction) -> Int32? {
        let text = input.text
        let locals = PromptLocals(text)
        let chunk =
            hasTerminal
            ? LuaChunk(locals.text, name: "repl")
            : LuaChunk(input.linesBefore + locals.text, name: "stdin")
        input.clear()
        if hasTerminal {
            editor?.addToHistory(text)
            history.append(text)
            tell(locals)
            tellHowToLeave(text)
        }
        guard let result = onLoop({ await interaction.run(chunk) }) else { return nil }
        return result.ends || (!hasTerminal && result.status != 0) ? result.status : nil
    }

    /// What people type to leave other shells is a global that nobody has set.
    private func tellHowToLeave(_ text: String) {
        if ["exit", "quit", "exit()", "quit()"].contains(text) {
            StandardError.write("note: Ctrl-D or os.exit() leaves\n")
        }
    }

    private func tell(_ locals: PromptLocals) {
        guard locals.hasLocals, !invocation.isQuiet else { return }
        if let name = locals.closed.first {
            StandardError.write(
                "note: `\(name)` is a global here and not closed by itself: it stays until you "
                    + "close it or leave\n")
        } else if !hasToldOfLocals {
            StandardError.write(
                "note: `local` at the prompt makes a global, so that the next input sees it\n")
        }
        hasToldOfLocals = true
    }

    private func mustEnd(_ signals: SignalHandling?) -> Bool {
        onLoop { signals?.mustEnd ?? false } ?? false
    }

    /// Runs the loop until `body` has ended. An error is reported and gives nil.
    @discardableResult
    private func onLoop<Result: Sendable>(
        _ body: @escaping @LoopActor @Sendable () async throws -> Result
    ) -> Result? {
        let result = Box<Result?>(nil)
        let hasEnded = Box(false)
        LoopActor.task {
            do { result.value = try await body() } catch { _ = Session.report(error) }
            hasEnded.value = true
            EventLoop.shared.stop()
        }
        while !hasEnded.value { EventLoop.shared.run() }
        return result.value
    }
}

/// The lines of a statement that is being entered.
private struct Input {
    private(set) var text = ""
    private var count = 0
    private var finished = 0

    var isEmpty: Bool { count == 0 }
    var isBlank: Bool { text.allSatisfy(\.isWhitespace) }
    /// As many line breaks as there are lines before these: errors then name the right line.
    var linesBefore: String { String(repeating: "\n", count: finished) }

    mutating func append(_ line: String) {
        text = isEmpty ? line : text + "\n" + line
        count += 1
    }

    mutating func clear() {
        finished += count
        text = ""
        count = 0
    }
}

/// The terminal cannot be used for editing.
struct REPLError: DiagnosticError {
    var diagnostic: Diagnostic {
        let terminal = getenv("TERM").map { String(cString: $0) } ?? ""
        return Diagnostic(
            .usage, "cannot edit lines: the terminal `\(terminal)` is not known here",
            hint: "set TERM, or give the recipe by `qsh -`")
    }
}
