import ArgumentParser
import QshRuntime

/// The commands, in the order in which the help lists them.
enum CommandTable {
    static let all: [any Subcommand.Type] = [
        CheckCommand.self, TriageCommand.self,
        InspectCommand.self, LintCommand.self, ExtractCommand.self, DiffCommand.self,
        AppendCommand.self,
        MkinitramfsCommand.self, WhyCommand.self,
        PsCommand.self, AttachCommand.self, KillCommand.self,
        CacheCommand.self, DoctorCommand.self, InitCommand.self, CompletionsCommand.self,
    ]

    /// For the tools of the repository.
    static let unlisted: [any Subcommand.Type] = [ReferenceCommand.self]

    /// The command that a command line names; a recipe is never mistaken for one, since a
    /// command's name has neither a dot nor a slash.
    static func command(named word: String) -> (any Subcommand.Type)? {
        guard word.utf8.allSatisfy({ $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }) else {
            return nil
        }
        return (all + unlisted).first { $0.configuration.commandName == word }
    }

    static var names: [String] { all.compactMap { $0.configuration.commandName } }

    /// The list for `qsh --help`.
    static var help: String {
        let width = (names.map(\.count).max() ?? 0) + 2
        return all.map { command in
            let name = command.configuration.commandName ?? ""
            let pad = String(repeating: " ", count: width - name.count)
            return "  \(name)\(pad)\(command.configuration.abstract)"
        }.joined(separator: "\n")
    }
}
