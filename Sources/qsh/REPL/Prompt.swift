import Glibc
import LuaBridge
import QshRuntime

/// Reads inputs and runs them, until there are no more or one ends the session.
///
/// It is called from outside the event loop and runs it (see `LineSource`).
final class Prompt: @unchecked Sendable {
    enum End {
        /// No more input.
        case end
        /// Ended by a signal, or by an error where there is no terminal.
        case status(Int32)
        /// An input called `os.exit`, or failed where there is no terminal.
        case exit(Int32, any Error)
    }

    let lines: any LineSource
    /// Whether there is a terminal to edit lines in.
    let isInteractive = isatty(0) == 1 && isatty(1) == 1
    private let interaction: Interaction
    private let isQuiet: Bool
    private let file = HistoryFile()
    private let editor: LineEditor?
    private var input = PromptInput()
    private var hasToldOfLocals = false

    /// Nil where the terminal cannot be used.
    init?(_ interaction: Interaction, isQuiet: Bool) {
        self.interaction = interaction
        self.isQuiet = isQuiet
        guard isInteractive else {
            editor = nil
            lines = PlainLines()
            return
        }
        guard let editor = LineEditor(history: History(file.entries())) else { return nil }
        self.editor = editor
        lines = editor
        editor.session = interaction
        LoopActor.assumeIsolated { PromptOutput.shared.takesConsoles = true }
    }

    /// - Parameter signals: those that end the session.
    func readAndRun(_ signals: SignalHandling?) -> End {
        while true {
            LoopActor.assumeIsolated {
                // A breakpoint's prompt may have taken both meanwhile.
                PromptOutput.shared.editor = editor
                signals?.lines = lines
            }
            let line = lines.readLine(prompt: input.isEmpty ? "qsh> " : "...> ")
            LoopActor.assumeIsolated { PromptOutput.shared.finish() }
            if mustEnd(signals) { return .status(Verdict.interrupted.exitCode) }
            switch line {
            case .interrupted:
                guard isInteractive else { return .status(Verdict.interrupted.exitCode) }
                StandardError.write("^C\n")
                input.clear()
            case .end:
                if isInteractive { StandardError.write("\n") }
                // What was begun is given up at a prompt, and is an error in a file.
                if !isInteractive, !input.isEmpty, let end = runInput() { return end }
                if input.isEmpty { return .end }
                input.clear()
            case .text(let text):
                input.append(text)
                if input.isBlank {
                    input.clear()
                } else if !isIncomplete(input.text) {
                    if let end = runInput() { return end }
                    if mustEnd(signals) { return .status(Verdict.interrupted.exitCode) }
                }
            }
        }
    }

    private func isIncomplete(_ text: String) -> Bool {
        LoopActor.assumeIsolated { interaction.isIncomplete(text) }
    }

    /// - Returns: how the session ends, where it does.
    private func runInput() -> End? {
        let text = input.text
        let linesBefore = input.linesBefore
        input.clear()
        if isInteractive {
            editor?.addToHistory(text)
            file.append(text)
        }
        let interaction = interaction
        if PromptCommand.isOne(text) {
            MainLoop.run { PromptCommand(interaction).run(text) }
            return nil
        }
        tell(about: text)
        let isInteractive = isInteractive
        let outcome = MainLoop.run {
            let before = isInteractive ? interaction.record.begin(text) : linesBefore
            return await interaction.run(
                text, named: isInteractive ? "repl" : "stdin", linesBefore: before)
        }
        guard let outcome else { return nil }
        if let exit = outcome.exit { return .exit(exit.status, exit) }
        guard !isInteractive, let error = outcome.error else { return nil }
        return .exit(outcome.status, error)
    }

    private func tell(about text: String) {
        guard isInteractive, !isQuiet else { return }
        // What people type to leave other shells is a global that nobody has set.
        if ["exit", "quit", "exit()", "quit()"].contains(text) {
            StandardError.write("note: Ctrl-D or os.exit() leaves\n")
        }
        let locals = PromptLocals(text)
        guard locals.hasLocals else { return }
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
        LoopActor.assumeIsolated { signals?.mustEnd ?? false }
    }
}

/// The lines of a statement that is being entered.
struct PromptInput {
    private(set) var text = ""
    private var count = 0
    /// The lines of earlier statements.
    private(set) var linesBefore = 0

    var isEmpty: Bool { count == 0 }
    var isBlank: Bool { text.allSatisfy(\.isWhitespace) }

    mutating func append(_ line: String) {
        text = isEmpty ? line : text + "\n" + line
        count += 1
    }

    mutating func clear() {
        linesBefore += count
        text = ""
        count = 0
    }
}
