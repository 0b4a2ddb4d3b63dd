import SystemPackage

/// A module that is to be loaded, with why.
struct ModulePick: Sendable, Equatable {
    /// Why a module is loaded.
    enum Reason: Sendable, Equatable {
        /// Somebody named it.
        case asked
        /// Somebody named an alias that it answers to.
        case alias(String)
        /// Another module uses its symbols.
        case needed(by: String)
        /// Another module's `softdep` names it, or an alias that it answers to.
        case soft(of: String, name: String)
    }

    let file: KernelModuleFile
    let reason: Reason
}

/// Puts modules in order: before each what it needs, as modprobe does.
struct ModuleLoadOrder {
    private(set) var picks: [ModulePick] = []
    private let modules: KernelModules
    private var done: Set<String> = []
    private var open: [String] = []
    private var aliases: ModuleAliases?

    init(modules: KernelModules, aliases: ModuleAliases? = nil) {
        self.modules = modules
        self.aliases = aliases
    }

    var files: [KernelModuleFile] { picks.map(\.file) }

    /// Adds what the user named: a module, a built-in one, or an alias.
    mutating func add(asked name: String) throws(KernelModulesError) {
        let canonical = KernelModuleFile.canonical(name)
        if let file = modules.files[canonical] { return try add(file, .asked) }
        if modules.builtins.contains(canonical) { return }
        guard try add(alias: name, .alias(name)) else {
            let known = modules.names + modules.builtins
            throw .unknown(name, folder: modules.folder, near: nearest(to: canonical, among: known))
        }
    }

    /// Adds what answers to a name, if anything does.
    ///
    /// - Returns: whether a module does, built-in ones included.
    mutating func add(possible name: String) throws(KernelModulesError) -> Bool {
        let canonical = KernelModuleFile.canonical(name)
        if modules.builtins.contains(canonical) { return true }
        if let file = modules.files[canonical] {
            try add(file, .asked)
            return true
        }
        return try add(alias: name, .alias(name))
    }

    private mutating func add(
        _ file: KernelModuleFile, _ reason: ModulePick.Reason
    ) throws(KernelModulesError) {
        guard !done.contains(file.name) else { return }
        if let start = open.firstIndex(of: file.name) { throw .loop(open[start...] + [file.name]) }
        open.append(file.name)
        let info = try modules.info(of: file)
        for name in info.softBefore { try add(soft: name, of: file) }
        for name in info.depends.map(KernelModuleFile.canonical) {
            if let needed = modules.files[name] {
                try add(needed, .needed(by: file.name))
            } else if !modules.builtins.contains(name) {
                throw .missing(name, neededBy: file.name, folder: modules.folder)
            }
        }
        open.removeLast()
        done.insert(file.name)
        picks.append(ModulePick(file: file, reason: reason))
        for name in info.softAfter { try add(soft: name, of: file) }
    }

    /// A soft dependency may be missing, and may lead back to who has it.
    private mutating func add(
        soft name: String, of user: KernelModuleFile
    ) throws(KernelModulesError) {
        let canonical = KernelModuleFile.canonical(name)
        if open.contains(canonical) || modules.builtins.contains(canonical) { return }
        let reason = ModulePick.Reason.soft(of: user.name, name: name)
        if let file = modules.files[canonical] { return try add(file, reason) }
        _ = try add(alias: name, reason)
    }

    /// Adds all modules that answer to an alias, as modprobe does: which of them suits the
    /// machine shows only when they are loaded.
    private mutating func add(
        alias: String, _ reason: ModulePick.Reason
    ) throws(KernelModulesError) -> Bool {
        let table: ModuleAliases
        if let aliases {
            table = aliases
        } else {
            table = try modules.aliases()
            aliases = table
        }
        let names = table.modules(for: alias)
        for name in names where !open.contains(name) {
            if let file = modules.files[name] { try add(file, reason) }
        }
        return !names.isEmpty
    }
}
