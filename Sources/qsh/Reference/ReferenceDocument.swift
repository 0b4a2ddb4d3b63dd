/// The part of `docs/lua-api.md` that is made from the description of the API.
struct ReferenceDocument {
    let reference: APIReference

    var text: String {
        var text = """
            ## Reference

            Every name, from [scripts/meta](../scripts/meta). A `try_` form is not listed: it \
            takes the same and returns `nil, err` where the plain one raises.

            """
        for module in reference.classes where module.module != nil { text += self.module(module) }
        for type in objects { text += object(type) }
        return text
    }

    /// What has methods.
    private var objects: [APIReference.Class] {
        reference.classes.filter { type in
            type.module == nil && reference.functions.contains { $0.owner == type.name }
        }
    }

    private func module(_ module: APIReference.Class) -> String {
        let path = module.module ?? ""
        var text = heading("`\(path)`", module.text)
        text += fields(reference.fields(of: module.name))
        for function in listed(reference.functions(of: path, methods: false)) {
            text += self.function(function)
        }
        return text
    }

    private func object(_ type: APIReference.Class) -> String {
        var text = heading("`\(type.name)`, an object", type.text)
        text += fields(reference.fields(of: type.name))
        for function in listed(reference.functions(of: type.name, methods: true)) {
            text += self.function(function)
        }
        return text
    }

    /// Without the `try_` forms that say nothing of their own.
    private func listed(_ functions: [APIReference.Function]) -> [APIReference.Function] {
        functions.filter { function in
            !function.name.hasPrefix("try_") || !function.text.isEmpty
                || !functions.contains { "try_" + $0.name == function.name }
        }
    }

    private func heading(_ title: String, _ text: [String]) -> String {
        "\n### \(title)\n" + (text.isEmpty ? "" : "\n" + text.joined(separator: "\n") + "\n")
    }

    private func function(_ function: APIReference.Function) -> String {
        let results = function.results.isEmpty ? "" : " → `\(function.results)`"
        var text = "\n**`\(function.call)`**\(results)\n"
        if !function.text.isEmpty { text += "\n" + function.text.joined(separator: "\n") + "\n" }
        let options = reference.options(of: function)
        let arguments = function.parameters.filter { parameter in
            !parameter.text.isEmpty || options == nil
                || !parameter.type.contains(options?.name ?? "")
        }
        if !arguments.isEmpty {
            text += table(
                "argument",
                arguments.map { parameter in
                    (
                        parameter.isOptional ? parameter.name + "?" : parameter.name,
                        parameter.type, parameter.text
                    )
                })
        }
        if !function.resultText.isEmpty { text += "\nReturns \(function.resultText).\n" }
        if let options {
            let fields = reference.fields(of: options.name)
            text += table("option", fields.map { ($0.name, $0.type, $0.text) })
        }
        return text
    }

    private func fields(_ fields: [APIReference.Field]) -> String {
        fields.isEmpty ? "" : table("field", fields.map { ($0.name, $0.type, $0.text) })
    }

    private func table(
        _ title: String, _ rows: [(name: String, type: String, text: String)]
    ) -> String {
        var text = "\n| \(title) | type | |\n|---|---|---|\n"
        for row in rows {
            let type = row.type.replacing("|", with: "\\|")
            text += "| `\(row.name)` | `\(type)` | \(row.text.replacing("|", with: "\\|")) |\n"
        }
        return text
    }
}
