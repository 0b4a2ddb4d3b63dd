/// What `scripts/meta` says about the API: the one description from which help, completion, the
/// reference document, the manual pages and luacheck's list of names come.
struct APIReference {
    struct Parameter {
        var name: String
        var type: String
        var isOptional: Bool
        var text: String
    }

    struct Function {
        /// `qsh.machine.boot`, or `qsh.machine:wait` for a method.
        var path: String
        var parameters: [Parameter] = []
        /// Types, as written.
        var results = ""
        var resultText = ""
        var text: [String] = []

        var name: String { String(path.split(whereSeparator: ".:".contains).last ?? "") }
        var owner: String { String(path.dropLast(name.utf8.count + 1)) }
        var isMethod: Bool { path.dropLast(name.utf8.count).hasSuffix(":") }
        /// `qsh.machine.boot(options)`
        var call: String {
            let names = parameters.map { $0.isOptional ? "\($0.name)?" : $0.name }
            return "\(path)(\(names.joined(separator: ", ")))"
        }
    }

    struct Field {
        var name: String
        var type: String
        var isOptional: Bool
        var text: String
    }

    struct Class {
        var name: String
        var parent: String?
        var text: [String] = []
        var fields: [Field] = []
        /// The table of the API that it describes, for a module.
        var module: String?
    }

    var functions: [Function] = []
    var classes: [Class] = []

    func function(at path: String) -> Function? { functions.first { $0.path == path } }

    func named(_ name: String) -> Class? { classes.first { $0.name == name } }

    func module(at path: String) -> Class? { classes.first { $0.module == path } }

    /// Its fields, inherited ones first. A class may be opened again in another file.
    func fields(of name: String) -> [Field] {
        let found = classes.filter { $0.name == name }
        let inherited = found.compactMap(\.parent).first.map { fields(of: $0) } ?? []
        return inherited + found.flatMap(\.fields)
    }

    func functions(of owner: String, methods: Bool) -> [Function] {
        functions.filter { $0.owner == owner && $0.isMethod == methods }
    }

    /// The classes that a type names, in its order: `integer|qsh.machine.SMP`.
    func classes(in type: String) -> [Class] {
        let words = type.split { !($0.isLetter || $0.isNumber || "._".contains($0)) }
        return words.compactMap { named(String($0)) }
    }

    /// The class of a function's options table: that of its last argument which has one.
    func options(of function: Function) -> Class? {
        for parameter in function.parameters.reversed() {
            let found = classes(in: parameter.type).first { $0.name.hasSuffix("Options") }
            if let found { return found }
        }
        return nil
    }

    /// Every name that the API has: `qsh.machine`, `qsh.machine.boot`, `qsh.machine:wait`.
    var names: [String] { classes.compactMap(\.module) + functions.map(\.path) }

    /// The strings of a type like `"auto"|"kvm"|"tcg"`.
    static func literals(in type: String) -> [String] {
        let parts = type.split(separator: "\"", omittingEmptySubsequences: false)
        return parts.indices.filter { $0 % 2 == 1 }.map { String(parts[$0]) }
    }
}
