import Glibc
import LuaBridge
import QshRuntime

/// The interactive half: reads a statement, runs it, shows what it gave.
///
/// Without a terminal, statements are read from standard input as they come, and the first error
/// ends.
struct REPL {
    private let invocation: Invocation

    init(_ invocation: Invocation) { self.invocation = invocation }

    /// - Returns: the exit code.
    func run() -> Int32 {
        let invocation = invocation
        let opened = MainLoop.run { try await Interaction(Session.open(invocation)) }
        guard let interaction = opened else { return Verdict.recipeFailed.exitCode }
        guard let prompt = Prompt(interaction, isQuiet: invocation.isQuiet) else {
            return Session.report(REPLError())
        }
        if prompt.isInteractive, !invocation.isQuiet {
            StandardError.write(
                "qsh \(QshAPI.version) on Lua 5.4: TAB completes, ?name explains, "
                    + "Ctrl-C stops, Ctrl-D leaves\n")
        }
        let signals = MainLoop.run { interaction.session.watchSignals(lines: prompt.lines) }
        let end = prompt.readAndRun(signals)
        MainLoop.run {
            PromptOutput.shared.editor = nil
            PromptOutput.shared.finish()
            await interaction.close()
            signals?.cancel()
        }
        switch end {
        case .end: return Verdict.ok.exitCode
        case .status(let status), .exit(let status, _): return status
        }
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
