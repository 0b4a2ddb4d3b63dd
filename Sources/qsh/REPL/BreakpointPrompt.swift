import Glibc
import LuaBridge
import QshRuntime

/// The prompt of a breakpoint: says where the recipe is, and reads until the user goes on.
struct BreakpointPrompt {
    private let breakpoint: Breakpoint

    init(_ breakpoint: Breakpoint) { self.breakpoint = breakpoint }

    func run() {
        let breakpoint = breakpoint
        let interaction = LoopActor.assumeIsolated { breakpoint.interaction }
        guard let prompt = Prompt(interaction, isQuiet: false) else {
            return end(.failure(REPLError()))
        }
        MainLoop.run { try introduce(interaction, prompt) }
        let signals = LoopActor.assumeIsolated { Unsent(interaction.session.signals) }.value
        let result = prompt.readAndRun(signals)
        LoopActor.assumeIsolated {
            PromptOutput.shared.editor = nil
            PromptOutput.shared.finish()
            interaction.lookAway()
            signals?.lines = nil
        }
        switch result {
        case .end: end(.success(()))
        case .exit(_, let error): end(.failure(error))
        case .status: end(.failure(BreakpointError()))
        }
    }

    private func end(_ outcome: Result<Void, any Error>) {
        MainLoop.run { breakpoint.end(outcome) }
    }

    @LoopActor private func introduce(_ interaction: Interaction, _ prompt: Prompt) throws {
        let place: (location: String, locals: String)
        var text = ""
        switch breakpoint.reason {
        case .call(let coroutine):
            place = try interaction.look(at: coroutine)
            text = "breakpoint at \(place.location)\n"
        case .failure(let message):
            place = try interaction.look()
            text = "failed: \(message)\n  at \(place.location)\n"
        }
        if let line = SourceLines(prompt: []).line(at: place.location) { text += line + "\n" }
        for line in place.locals.split(separator: "\n") { text += "  \(line)\n" }
        for (name, machine) in interaction.machines() where !place.locals.contains("\(name) = ") {
            text += "  running: \(machine.luaDescription)\n"
        }
        if prompt.isInteractive {
            switch breakpoint.reason {
            case .call: text += "Ctrl-D goes on, os.exit() ends the recipe\n"
            case .failure: text += "Ctrl-D closes what runs and ends\n"
            }
        }
        StandardError.write(text)
    }
}

/// A task reached a breakpoint while a line is being typed.
struct BreakpointInTheWayError: DiagnosticError {
    let diagnostic = Diagnostic(
        .usage, "qsh.repl: a prompt is open already, and this task is not what it runs")
}

/// A signal ended the prompt of a breakpoint.
struct BreakpointError: DiagnosticError {
    let diagnostic = Diagnostic(.interrupted, "interrupted")
}
