import ArgumentParser
import QshRuntime

/// `qsh completions SHELL`: a script that makes the shell complete qsh's commands and options.
struct CompletionsCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "completions", abstract: "Print completions for bash, zsh or fish.",
        discussion: """
            bash: qsh completions bash > ~/.local/share/bash-completion/completions/qsh
            zsh:  qsh completions zsh > ~/.zfunc/_qsh
            fish: qsh completions fish > ~/.config/fish/completions/qsh.fish
            """)

    @Argument(help: "bash, zsh or fish.")
    var shell: String

    func validate() throws {
        if CompletionShell(rawValue: shell) == nil {
            throw ValidationError("no completions for `\(shell)`: expected bash, zsh or fish")
        }
    }

    func execute(_ context: CommandContext) async throws -> Int32 {
        guard let shell = CompletionShell(rawValue: shell) else { return Verdict.usage.exitCode }
        StandardOutput.write(WholeCommand.completionScript(for: shell) + "\n")
        return Verdict.ok.exitCode
    }
}

/// qsh with its commands as the argument parser's own; only its description is used.
private struct WholeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qsh", subcommands: CommandTable.all)

    @Argument(help: "A recipe.", completion: .file(extensions: ["lua"]))
    var script: String?

    @OptionGroup var options: QshCommand
}
