import SystemPackage

/// The modules of an image, in the order in which they are to be loaded, each with why.
struct ModuleSelection {
    struct Chosen {
        var file: KernelModuleFile
        var info: ModuleInfo
        /// Decompressed; nil where the file itself is what the kernel takes.
        var contents: [UInt8]?
        var why: String
        /// The module that brought it.
        var user: String?
        var hook: String
    }

    private(set) var chosen: [Chosen] = []
    /// Names that were asked for and that the kernel has in itself, with who asked.
    private(set) var builtIn: [String] = []

    let modules: KernelModules
    /// `uname -r` of the kernel that will load them.
    let release: String
    private let isReleaseKnown: Bool
    private var order: ModuleLoadOrder
    private var places: [String: Int] = [:]
    private var asked: Set<String> = []
    /// Those of them that may not be missing: an earlier one may have been only wished for.
    private var required: Set<String> = []
    private var opened: [String: (info: ModuleInfo, contents: [UInt8]?)] = [:]

    init(_ modules: KernelModules, of kernel: Kernel, aliases: ModuleAliases? = nil) {
        self.modules = modules
        isReleaseKnown = kernel.release != "unknown"
        release =
            isReleaseKnown ? kernel.release : modules.folder.lastComponent?.string ?? "unknown"
        order = ModuleLoadOrder(modules: modules, aliases: aliases)
    }

    /// Adds a module with everything that it needs.
    mutating func add(_ request: ModuleRequest, hook: String) throws {
        let isNew = asked.insert(request.name).inserted
        let isNewlyRequired = !request.isOptional && required.insert(request.name).inserted
        guard isNew || isNewlyRequired else { return }
        let canonical = KernelModuleFile.canonical(request.name)
        if modules.builtins.contains(canonical) {
            if isNew { builtIn.append(canonical) }
            return
        }
        if let file = modules.files[canonical], places[canonical] == nil {
            for companion in ModuleCompanions.of(file, try open(file).info) {
                try add(companion, hook: hook)
            }
        }
        let before = order.picks.count
        if request.isOptional {
            _ = try order.add(possible: request.name)
        } else {
            try order.add(asked: request.name)
        }
        try take(order.picks[before...], request, hook)
    }

    private mutating func take(
        _ picks: ArraySlice<ModulePick>, _ request: ModuleRequest, _ hook: String
    ) throws {
        var new: [Chosen] = []
        for pick in picks {
            let (info, contents) = try open(pick.file)
            var item = Chosen(
                file: pick.file, info: info, contents: contents, why: request.why,
                user: request.user, hook: hook)
            switch pick.reason {
            case .asked: break
            case .alias(let alias): item.why = "it answers to `\(alias)`: \(request.why)"
            case .needed(let user): (item.why, item.user) = ("its symbols are used by", user)
            case .soft(let user, let name):
                let named = KernelModuleFile.canonical(name) == pick.file.name
                item.why = named ? "soft dependency of" : "soft dependency `\(name)` of"
                item.user = user
            }
            places[pick.file.name] = chosen.count
            chosen.append(item)
            new.append(item)
        }
        nameDirectUsers(from: chosen.count - new.count)
        for item in new {
            for companion in ModuleCompanions.of(item.file, item.info) {
                try add(companion, hook: hook)
            }
        }
    }

    /// depmod writes down everything that a module needs, directly or not; the chain of reasons
    /// is to name who really uses it.
    private mutating func nameDirectUsers(from start: Int) {
        for index in start..<chosen.count where chosen[index].why == "its symbols are used by" {
            let name = chosen[index].file.name
            let user = chosen[start...].first {
                $0.info.depends.contains { KernelModuleFile.canonical($0) == name }
            }
            if let user { chosen[index].user = user.file.name }
        }
    }

    private mutating func open(
        _ file: KernelModuleFile
    ) throws -> (info: ModuleInfo, contents: [UInt8]?) {
        if let known = opened[file.name] { return known }
        let found = try file.opened()
        let own = found.info.versionMagic?.split(separator: " ").first.map(String.init)
        if let own, own != release, isReleaseKnown {
            throw GeneratorError.foreignModule(file.path, got: own, expected: release)
        }
        opened[file.name] = found
        return found
    }

    /// The module of that name, if it was chosen.
    func item(_ name: String) -> Chosen? { places[name].map { chosen[$0] } }
}
