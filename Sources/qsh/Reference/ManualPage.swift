import ArgumentParser
import LuaBridge

/// A manual page in man(7)'s notation.
struct ManualPage {
    private(set) var text: String

    init(_ name: String, section: Int, _ summary: String) {
        let title = name.uppercased()
        text = """
            .\\" Made by tools/reference.sh.
            .TH \(title) \(section) "" "qsh \(QshAPI.version)"
            .SH NAME
            \(name) \\- \(Self.escaped(summary))

            """
    }

    mutating func heading(_ title: String) { text += ".SH \(Self.escaped(title))\n" }

    mutating func subheading(_ title: String) { text += ".SS \(Self.escaped(title))\n" }

    mutating func paragraph(_ words: String) {
        guard !words.isEmpty else { return }
        text += ".PP\n" + Self.lines(words)
    }

    /// Lines as they are.
    mutating func verbatim(_ words: String) { text += ".PP\n.nf\n" + Self.lines(words) + ".fi\n" }

    /// A term and what it is.
    mutating func item(_ term: String, _ words: String) {
        text += ".TP\n.B \(Self.escaped(term))\n" + Self.lines(words.isEmpty ? " " : words)
    }

    /// Text within an item.
    mutating func continued(_ words: String) { text += ".IP\n" + Self.lines(words) }

    private static func lines(_ words: String) -> String {
        words.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let line = escaped(String(line))
            return (line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : line) + "\n"
        }.joined()
    }

    private static func escaped(_ words: String) -> String {
        words.replacing("\\", with: "\\e").replacing("-", with: "\\-")
    }
}

extension ManualPage {
    /// qsh(1), from what the command line says of itself.
    static var program: String {
        var page = ManualPage("qsh", section: 1, "boot Linux machines from Lua recipes")
        let help = HelpSections(QshCommand.helpMessage(columns: 80))
        page.heading("SYNOPSIS")
        let forms = (QshCommand.configuration.usage ?? "").split(separator: "\n")
        page.verbatim(forms.map { $0.drop { $0 == " " } }.joined(separator: "\n"))
        page.heading("DESCRIPTION")
        page.paragraph(QshCommand.configuration.abstract)
        page.paragraph(
            "Without a recipe it is a prompt for Lua, in which ?NAME explains what NAME is.")
        page.heading("OPTIONS")
        page.verbatim(help["OPTIONS"] ?? "")
        page.heading("EXIT STATUS")
        for (status, words) in exitStatuses { page.item(status, words) }
        page.heading("COMMANDS")
        for command in CommandTable.all {
            page.subheading("qsh \(command.configuration.commandName ?? "")")
            page.paragraph(command.configuration.abstract)
            page.paragraph(command.configuration.discussion)
            let sections = HelpSections(command.helpMessage(columns: 80))
            for name in ["USAGE", "ARGUMENTS", "OPTIONS"] {
                if let text = sections[name] { page.verbatim(text) }
            }
        }
        page.heading("FILES")
        page.item(
            "$XDG_STATE_HOME/qsh/history", "what was typed at the prompt (else ~/.local/state)")
        page.item("~/.editrc", "keys of the prompt, see editrc(5); ~/.inputrc is not read")
        page.heading("SEE ALSO")
        page.paragraph("qsh-lua(3), editrc(5), qemu(1)")
        return page.text
    }

    private static let exitStatuses = [
        ("0", "all is well"), ("1", "the recipe failed"),
        ("2", "wrong usage, or a recipe that does not load"), ("3", "kernel panic or oops"),
        ("69", "no QEMU, or another tool is missing"), ("124", "timed out or hung"),
        ("125", "the build failed, or the configuration is not met"), ("130", "interrupted"),
    ]

    /// qsh-lua(3), from the description of the API.
    static func library(_ reference: APIReference) -> String {
        var page = ManualPage("qsh-lua", section: 3, "what recipes of qsh(1) see")
        page.heading("DESCRIPTION")
        page.paragraph(
            """
            A recipe is Lua 5.4 with one more global, qsh. What is required comes first, the rest \
            is one table at the end. Times are seconds. A call that fails raises an error object; \
            where a function has a try_ form, that one returns nil and the error instead.
            """)
        for type in reference.classes {
            let isModule = type.module != nil
            let owner = type.module ?? type.name
            let functions = reference.functions(of: owner, methods: !isModule)
                .filter { !$0.name.hasPrefix("try_") || !$0.text.isEmpty }
            guard isModule || !functions.isEmpty else { continue }
            page.heading(isModule ? owner : "\(owner), an object")
            page.paragraph(type.text.joined(separator: "\n"))
            for field in reference.fields(of: type.name) {
                page.item("\(field.name): \(field.type)", field.text)
            }
            for function in functions { page.add(function, reference) }
        }
        page.heading("SEE ALSO")
        page.paragraph("qsh(1), lua(1)")
        return page.text
    }

    private mutating func add(_ function: APIReference.Function, _ reference: APIReference) {
        let results = function.results.isEmpty ? "" : " -> \(function.results)"
        item(function.call + results, function.text.joined(separator: "\n"))
        for parameter in function.parameters where !parameter.text.isEmpty {
            continued("\(parameter.name): \(parameter.text)")
        }
        guard let options = reference.options(of: function) else { return }
        for field in reference.fields(of: options.name) {
            let words = field.text.isEmpty ? "" : ", \(field.text)"
            continued("\(field.name): \(field.type)\(words)")
        }
    }
}

/// The parts of an argument parser's help, by their titles.
private struct HelpSections {
    private var texts: [String: String] = [:]

    init(_ help: String) {
        var title = ""
        for line in help.split(separator: "\n", omittingEmptySubsequences: false) {
            if let end = line.firstIndex(of: ":"), !line.hasPrefix(" "),
                line[..<end].allSatisfy({ $0.isUppercase })
            {
                title = String(line[..<end])
                let rest = line[line.index(after: end)...].drop { $0 == " " }
                texts[title] = rest.isEmpty ? "" : rest + "\n"
            } else if !title.isEmpty, !line.isEmpty {
                texts[title, default: ""] += line + "\n"
            }
        }
    }

    subscript(_ title: String) -> String? {
        guard var text = texts[title], !text.isEmpty else { return nil }
        while text.last == "\n" { text.removeLast() }
        return text
    }
}
