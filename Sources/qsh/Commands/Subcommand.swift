import ArgumentParser
import QshRuntime

/// A command of qsh's own: `qsh NAME …`.
///
/// It is a thin layer over the runtime's function that the Lua primitive of that name calls too.
protocol Subcommand: ParsableCommand {
    /// Does the work; cancelled by Ctrl-C.
    ///
    /// - Returns: the exit code. An error that is thrown is rendered, and its verdict decides.
    @LoopActor func execute(_ context: CommandContext) async throws -> Int32
}

/// What a command gets from the program around it.
struct CommandContext: Sendable {
    let isVerbose: Bool
    let isQuiet: Bool

    /// Says one line about what is done; silent with `--quiet`.
    @LoopActor func say(_ line: String) {
        if !isQuiet { Reporter.shared.say("qsh: \(line)\n") }
    }

    /// Says one line more than most want to know; only with `--verbose`.
    @LoopActor func detail(_ line: String) {
        if isVerbose { Reporter.shared.say("qsh: \(line)\n") }
    }

    /// Shows how far long work has come; nil ends it.
    @LoopActor func progress(_ report: ProgressReport?) {
        if !isQuiet { Reporter.shared.progress(report) }
    }
}

extension CommandConfiguration {
    /// The configuration of `qsh NAME`; all commands are made with it.
    static func qsh(_ name: String, abstract: String, discussion: String = "") -> Self {
        CommandConfiguration(
            commandName: name, _superCommandName: "qsh", abstract: abstract, discussion: discussion)
    }
}
