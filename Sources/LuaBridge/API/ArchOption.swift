import QshRuntime

extension LuaOptions {
    /// The name of an architecture, or one of its other names (`aarch64`).
    func arch(_ key: String) throws -> Arch? {
        guard let name = try string(key) else { return nil }
        guard let arch = Arch.named(name) else {
            let names = Arch.all.map(\.name)
            let guess = nearest(to: name, among: names).map { "; did you mean `\($0)`?" } ?? ""
            throw mismatch(key, expects: "one of \(names.joined(separator: ", "))\(guess)")
        }
        return arch
    }
}
