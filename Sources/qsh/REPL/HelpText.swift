import QshRuntime

/// The answers to `?name` and `help(name)`.
@LoopActor
struct HelpText {
    private let interaction: Interaction
    private let reference = APIReference.shared

    init(_ interaction: Interaction) { self.interaction = interaction }

    static let overview = """
        ?NAME or help(NAME)  what a function, method, module or value is: ?qsh.machine.boot
        TAB                  completes names, options within a call's table, files within quotes
        Up, Ctrl-R           earlier inputs, each as a whole; Ctrl-R searches
        Alt-Enter            breaks the line; Enter runs the input once it is complete
        Ctrl-C               stops what runs; twice within two seconds leaves whatever happens
        Ctrl-D               leaves
        _, _1 … _9           the last results
        :save FILE           writes the inputs that succeeded as a recipe
        :quiet [MACHINE]     does not show what a machine prints; :loud shows it again

        qsh has: \(APIReference.shared.classes.compactMap(\.module).joined(separator: ", "))

        """

    /// What is known about a name as the user wrote it.
    func text(_ name: String) -> String {
        if name.isEmpty { return Self.overview }
        if let text = known(name) { return text }
        let found = interaction.resolve(name)
        if let known = found.name, !known.isEmpty {
            return text(named: known, described: found.kind == "object" ? found.shown : nil)
        }
        let matches = matches(name)
        if matches.count == 1, let text = known(matches[0]) { return text }
        if matches.count > 1 { return list(matches) }
        if found.kind != "nil" { return "\(name) is a \(found.kind): \(found.shown ?? "")\n" }
        let last = name.split(whereSeparator: ".:".contains).last.map(String.init) ?? name
        let names = reference.functions.map(\.name)
        if let near = nearest(to: last, among: names) {
            return "nothing is known about `\(name)`; did you mean one of these?\n"
                + list(self.matches(near))
        }
        return "nothing is known about `\(name)`\n"
    }

    /// What the description says about a name of its own.
    func text(named name: String, described: String? = nil) -> String {
        let text = known(name) ?? "the description of the API does not name it\n"
        return described.map { "\($0)\n\(text)" } ?? text
    }

    private func known(_ name: String) -> String? {
        let name = canonical(name)
        var texts: [String] = []
        if let function = reference.function(at: name) { texts.append(self.function(function)) }
        if let module = reference.module(at: name) { texts.append(self.module(module)) }
        if let found = reference.named(name), found.module == nil { texts.append(object(found)) }
        if texts.isEmpty, let field = field(name) { texts.append(field) }
        return texts.isEmpty ? nil : texts.joined(separator: "\n")
    }

    /// `try_boot` is explained at `boot`, unless it has words of its own.
    private func canonical(_ name: String) -> String {
        if reference.function(at: name) != nil { return name }
        guard let range = name.firstRange(of: "try_") else { return name }
        let plain = String(name[..<range.lowerBound] + name[range.upperBound...])
        return reference.function(at: plain) != nil ? plain : name
    }

    private func matches(_ name: String) -> [String] {
        let wanted = name.lowercased()
        let paths = reference.functions.map(\.path)
        let exact = paths.filter {
            $0.hasSuffix("." + wanted) || $0.hasSuffix(":" + wanted)
        }
        if !exact.isEmpty { return exact }
        return reference.functions.filter { function in
            function.path.lowercased().contains(wanted)
                || function.text.contains { $0.lowercased().contains(wanted) }
        }.map(\.path)
    }

    private func list(_ paths: [String]) -> String {
        let functions = paths.compactMap { reference.function(at: $0) }
        return rows(functions.map { ($0.call, $0.text.first ?? "") })
    }

    // MARK: one thing

    private func function(_ function: APIReference.Function) -> String {
        let results = function.results.isEmpty ? "" : " -> \(function.results)"
        var text = function.call + results + "\n"
        for line in function.text { text += "  \(line)\n" }
        if !function.resultText.isEmpty { text += "  returns \(function.resultText)\n" }
        let notes = function.parameters.filter { !$0.text.isEmpty }
        text += rows(notes.map { ($0.name, $0.text) })
        if let options = reference.options(of: function) {
            text += "options\n" + rows(fields(reference.fields(of: options.name)))
        }
        return text
    }

    private func module(_ module: APIReference.Class) -> String {
        let path = module.module ?? module.name
        var text = path + "\n"
        for line in module.text { text += "  \(line)\n" }
        text += rows(fields(module.fields))
        let functions = reference.functions(of: path, methods: false)
        text += rows(functions.map { ($0.call, $0.text.first ?? "") })
        let modules = reference.classes.compactMap(\.module).filter {
            $0.hasPrefix(path + ".") && !$0.dropFirst(path.utf8.count + 1).contains(".")
        }
        text += rows(modules.map { ($0, reference.module(at: $0)?.text.first ?? "") })
        return text
    }

    private func object(_ type: APIReference.Class) -> String {
        var text = type.name + "\n"
        for line in type.text { text += "  \(line)\n" }
        text += rows(fields(reference.fields(of: type.name)))
        let methods = reference.functions(of: type.name, methods: true)
        let plain = methods.filter { !$0.name.hasPrefix("try_") }
        return text
            + rows(
                plain.map {
                    (":" + $0.call.dropFirst(type.name.utf8.count + 1), $0.text.first ?? "")
                })
    }

    private func field(_ name: String) -> String? {
        guard let separator = name.lastIndex(of: ".") else { return nil }
        let owner = String(name[..<separator])
        let last = String(name[name.index(after: separator)...])
        let type = reference.named(owner) ?? reference.module(at: owner)
        guard
            let field = type.flatMap({ reference.fields(of: $0.name) })?
                .first(where: { $0.name == last })
        else { return nil }
        return "\(name): \(field.type)\n" + (field.text.isEmpty ? "" : "  \(field.text)\n")
    }

    private func fields(_ fields: [APIReference.Field]) -> [(String, String)] {
        fields.map { field in
            (
                field.name,
                field.text.isEmpty ? field.type : "\(field.type)  \(field.text)"
            )
        }
    }

    private func rows(_ rows: [(String, String)]) -> String {
        HelpRows.ofWindow.text(rows.map { (name: $0, text: $1) })
    }
}
