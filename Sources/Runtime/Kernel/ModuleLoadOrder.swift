import SystemPackage

/// Puts modules in order: before each what it needs, as modprobe does.
struct ModuleLoadOrder {
    private(set) var files: [KernelModuleFile] = []
    private let modules: KernelModules
    private var done: Set<String> = []
    private var open: [String] = []
    private var aliases: ModuleAliases?

    init(modules: KernelModules) { self.modules = modules }

    /// Adds what the user named: a module, a built-in one, or an alias.
    mutating func add(asked name: String) throws(KernelModulesError) {
        let canonical = KernelModuleFile.canonical(name)
        if let file = modules.files[canonical] { return try add(file) }
        if modules.builtins.contains(canonical) { return }
        guard try add(alias: name) else {
            let known = modules.names + modules.builtins
            throw .unknown(name, folder: modules.folder, near: nearest(to: canonical, among: known))
        }
    }

    private mutating func add(_ file: KernelModuleFile) throws(KernelModulesError) {
        guard !done.contains(file.name) else { return }
        if let start = open.firstIndex(of: file.name) { throw .loop(open[start...] + [file.name]) }
        open.append(file.name)
        let info = try modules.info(of: file)
        for name in info.softBefore { try add(soft: name) }
        for name in info.depends.map(KernelModuleFile.canonical) {
            if let needed = modules.files[name] {
                try add(needed)
            } else if !modules.builtins.contains(name) {
                throw .missing(name, neededBy: file.name, folder: modules.folder)
            }
        }
        open.removeLast()
        done.insert(file.name)
        files.append(file)
        for name in info.softAfter { try add(soft: name) }
    }

    /// A soft dependency may be missing, and may lead back to who has it.
    private mutating func add(soft name: String) throws(KernelModulesError) {
        let canonical = KernelModuleFile.canonical(name)
        if open.contains(canonical) || modules.builtins.contains(canonical) { return }
        if let file = modules.files[canonical] { return try add(file) }
        _ = try add(alias: name)
    }

    /// Adds all modules that answer to an alias, as modprobe does: which of them suits the
    /// machine shows only when they are loaded.
    private mutating func add(alias: String) throws(KernelModulesError) -> Bool {
        let table: ModuleAliases
        if let aliases {
            table = aliases
        } else {
            table = try modules.aliases()
            aliases = table
        }
        let names = table.modules(for: alias)
        for name in names where !open.contains(name) {
            if let file = modules.files[name] { try add(file) }
        }
        return !names.isEmpty
    }
}
