/// The names of the API for luacheck: one that a recipe misspells is reported.
struct LuacheckNames {
    let reference: APIReference

    /// A whole `.luacheckrc`.
    var text: String {
        """
        -- The names of qsh's API, made by tools/reference.sh from scripts/meta.
        std = "lua54"
        max_line_length = 100
        read_globals = {
          qsh = \(fields(of: "qsh", indent: "  ")),
        }

        """
    }

    private func fields(of path: String, indent: String) -> String {
        let inner = indent + "  "
        var entries: [String: String] = [:]
        let module = reference.module(at: path)
        for field in module.map({ reference.fields(of: $0.name) }) ?? [] {
            entries[field.name] = "{}"
        }
        for function in reference.functions(of: path, methods: false) {
            entries[function.name] = "{}"
        }
        for module in reference.classes.compactMap(\.module) where module.hasPrefix(path + ".") {
            let name = module.dropFirst(path.utf8.count + 1)
            guard !name.contains(".") else { continue }
            entries[String(name)] = fields(of: module, indent: inner + "  ")
        }
        var text = "{\n\(inner)fields = {\n"
        for (name, value) in entries.sorted(by: { $0.key < $1.key }) {
            text += "\(inner)  \(name) = \(value),\n"
        }
        return text + "\(inner)},\n\(indent)}"
    }
}
