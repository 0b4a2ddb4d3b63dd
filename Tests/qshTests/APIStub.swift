/// What `scripts/meta` says the API is.
struct APIStub {
    /// `qsh.machine.boot`, `qsh.machine:wait`, `qsh.machine.pid`: functions, methods, fields.
    private(set) var names: Set<String> = []
    /// Fields of each class whose name ends in "Options", inherited ones included, with their
    /// types as they are written.
    private(set) var options: [String: [String: String]] = [:]
    /// The options class of a function's last table, by the function's name.
    private(set) var optionsOf: [String: String] = [:]
    /// The names of each function's arguments.
    private(set) var arguments: [String: [String]] = [:]

    init(_ text: String) {
        // Classes of objects, by the local that carries their methods.
        var objects: [String: String] = [:]
        var type = ""
        var pending: String?
        for line in text.split(separator: "\n") {
            if let match = line.wholeMatch(of: /---@class ([\w.]+)(?:: ([\w.]+))?.*/) {
                type = String(match.1)
                if let parent = match.2 { options[type] = options[String(parent)] }
                if type.hasSuffix("Options") { options[type, default: [:]].merge([:]) { $1 } }
            } else if let match = line.prefixMatch(of: /---@field (\w+)\??(?: (\S+))?/) {
                addField(String(match.1), String(match.2 ?? ""), of: type)
            } else if let match = line.wholeMatch(of: /local (\w+) = \{\}/) {
                objects[String(match.1)] = type
            } else if let match = line.firstMatch(of: /---@param .*?([\w.]+Options)/) {
                pending = String(match.1)
            } else if let match = line.prefixMatch(
                of: /function ([\w.]+)([.:])(\w+)\(([^)]*)\)/)
            {
                let owner = objects[String(match.1)] ?? String(match.1)
                let name = "\(owner)\(match.2)\(match.3)"
                names.insert(name)
                optionsOf[name] = pending
                arguments[name] = match.4.split(separator: ", ").map(String.init)
                pending = nil
            }
        }
    }

    private mutating func addField(_ name: String, _ kind: String, of type: String) {
        if type.hasSuffix("Options") {
            options[type, default: [:]][name] = kind
        } else if Self.objects.contains(type) {
            names.insert("\(type).\(name)")
        }
    }

    /// The classes whose fields are the API's own, not those of a result's table.
    private static let objects: Set = [
        "qsh", "qsh.machine", "qsh.console", "qsh.initramfs", "qsh.task", "qsh.error",
        "qsh.kernel.tree", "qsh.kernel.built", "qsh.kernel.config", "qsh.snapshot", "qsh.network",
        "qsh.guestprocess",
        "qsh.initramfs.image",
    ]
}
