import QshRuntime
import SystemPackage

/// What is typed at the prompt and is no Lua: `?name`, `:save FILE`.
@LoopActor
struct PromptCommand {
    private let interaction: Interaction

    nonisolated static let names = ["help", "loud", "quiet", "save"]

    init(_ interaction: Interaction) { self.interaction = interaction }

    /// `::name::` is a label of Lua's; `name?` asks as `?name` does.
    nonisolated static func isOne(_ text: String) -> Bool {
        if text.hasPrefix("?") { return true }
        if text.hasPrefix(":") { return !text.hasPrefix("::") }
        return question(text) != nil
    }

    private nonisolated static func question(_ text: String) -> String? {
        let text = trimmed(text[...])
        if text.hasPrefix("?") { return trimmed(text.drop { $0 == "?" }) }
        guard text.hasSuffix("?") else { return nil }
        let name = text.dropLast()
        let isName = name.allSatisfy { $0.isLetter || $0.isNumber || "_.:".contains($0) }
        return isName && !name.isEmpty ? String(name) : nil
    }

    private nonisolated static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0.isWhitespace }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// Does what the text asks for, and says what is wrong with it.
    func run(_ text: String) {
        if let name = Self.question(text) {
            return PromptOutput.shared.show(HelpText(interaction).text(name))
        }
        let words = text.dropFirst().split(separator: " ", maxSplits: 1)
        let name = words.first.map(String.init) ?? ""
        let argument = words.count > 1 ? Self.trimmed(words[1]) : ""
        do {
            switch name {
            case "save": try save(argument, replaces: false)
            case "save!": try save(argument, replaces: true)
            case "quiet": try setEcho(false, argument)
            case "loud": try setEcho(true, argument)
            case "help": PromptOutput.shared.show(HelpText(interaction).text(argument))
            default:
                throw PromptCommandError(
                    "`:\(name)` is not known here",
                    hint: nearest(to: name, among: Self.names).map { "did you mean `:\($0)`?" }
                        ?? "`:save FILE`, `:quiet [MACHINE]`, `:loud [MACHINE]` and `:help` are")
            }
        } catch {
            _ = Session.report(error)
        }
    }

    private func save(_ argument: String, replaces: Bool) throws {
        guard !argument.isEmpty else {
            throw PromptCommandError("`:save` needs a file: `:save FILE`")
        }
        guard !interaction.record.isEmpty else {
            throw PromptCommandError("nothing to save: no input has succeeded yet")
        }
        let path = FilePath(PathCompletion.expanded(argument))
        guard replaces || !PathCompletion.exists(path.string) else {
            throw PromptCommandError(
                "`\(argument)` exists", hint: "`:save! \(argument)` replaces it")
        }
        do {
            try AtomicFile.write(Array(interaction.record.recipe.utf8), to: path)
        } catch {
            throw PromptCommandError("cannot write `\(argument)`: \(error.lowercased)")
        }
        StandardError.write("saved: \(argument)\n")
    }

    private func setEcho(_ isOn: Bool, _ name: String) throws {
        let outputs = PromptOutput.shared
        guard !name.isEmpty else {
            outputs.isQuiet = !isOn
            return
        }
        let names = outputs.names
        guard names.contains(name) else {
            throw PromptCommandError(
                "no machine `\(name)` has printed anything",
                hint: names.isEmpty ? nil : "there are: \(names.joined(separator: ", "))")
        }
        outputs.setQuiet(name, !isOn)
    }
}

/// A line that starts with `:` and cannot be done.
struct PromptCommandError: DiagnosticError {
    let diagnostic: Diagnostic

    init(_ message: String, hint: String? = nil) {
        diagnostic = Diagnostic(.usage, message, hint: hint)
    }
}
