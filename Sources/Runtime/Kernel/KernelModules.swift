import SystemPackage

/// The modules of one kernel: `lib/modules/RELEASE`.
///
/// Needs no `depmod`: what modules.dep would say stands in the modules themselves, and only those
/// that are asked for are read. The host's `modprobe.d` is never looked at.
public struct KernelModules: Sendable {
    /// The folder.
    public let folder: FilePath

    let files: [String: KernelModuleFile]
    let builtins: Set<String>
    private let index: DepmodIndex?

    /// Lists a folder; reads no module yet.
    ///
    /// - Throws: ``KernelModulesError/noModules(_:)``.
    public init(folder: FilePath) throws(KernelModulesError) {
        self.folder = folder
        files = Self.walk(folder)
        let list = try? readSmallFile(folder.appending("modules.builtin"), limit: 4 << 20)
        builtins = Set(
            (list ?? []).split(separator: UInt8(ascii: "\n")).compactMap { line in
                KernelModuleFile(String(decoding: line, as: UTF8.self))?.name
            })
        guard !files.isEmpty || !builtins.isEmpty else { throw .noModules(folder) }
        index = DepmodIndex(folder: folder)
    }

    /// Names of the modules that can be loaded, `-` written as `_`, sorted.
    public var names: [String] { files.keys.sorted() }

    /// Whether the kernel has it in itself.
    public func isBuiltIn(_ name: String) -> Bool {
        builtins.contains(KernelModuleFile.canonical(name))
    }

    /// Returns the files to load, in an order in which each finds what it needs; nothing for what
    /// is built in.
    ///
    /// Takes module names (`-` and `_` are the same) and aliases as the kernel asks for them
    /// (`crypto-xts`, `pci:v00001AF4d…`), for which every module has to be read once.
    /// - Throws: ``KernelModulesError``.
    public func resolve(_ names: [String]) throws(KernelModulesError) -> [FilePath] {
        var order = ModuleLoadOrder(modules: self)
        for name in names { try order.add(asked: name) }
        return order.files.map(\.path)
    }

    /// What a module says about itself, or what depmod wrote down of it.
    func info(of file: KernelModuleFile) throws(KernelModulesError) -> ModuleInfo {
        if let info = index?.info(of: file) { return info }
        return try file.info()
    }

    /// Every alias of every module, built-in ones included.
    func aliases() throws(KernelModulesError) -> ModuleAliases {
        var aliases = ModuleAliases()
        if let index {
            for (pattern, module) in index.aliases() { aliases.add(pattern, for: module) }
        } else {
            for file in files.values {
                for pattern in try file.info().aliases { aliases.add(pattern, for: file.name) }
            }
        }
        aliases.addBuiltins(from: folder.appending("modules.builtin.modinfo"))
        return aliases
    }

    /// Those of some modules that the kernel's build made, for modules.order lists them, and that
    /// are not in the folder (Documentation/kbuild/kbuild.rst); sorted.
    func gone(among names: [String]) -> [String] {
        let missing = Set(names.map(KernelModuleFile.canonical)).filter {
            files[$0] == nil && !builtins.contains($0)
        }
        guard !missing.isEmpty,
            let list = try? readSmallFile(folder.appending("modules.order"), limit: 4 << 20)
        else { return [] }
        let made = list.split(separator: UInt8(ascii: "\n")).compactMap { line in
            KernelModuleFile(String(decoding: line, as: UTF8.self))?.name
        }
        return missing.intersection(made).sorted()
    }

    private static func walk(_ folder: FilePath) -> [String: KernelModuleFile] {
        var files: [String: KernelModuleFile] = [:]
        // depmod.d(5): what is in `updates` replaces what came with the kernel.
        let updates = folder.appending("updates").string + "/"
        var folders = [folder.string]
        while let next = folders.popLast() {
            for entry in FileTree.entries(of: next) {
                let path = "\(next)/\(entry.name)"
                if entry.isFolder { folders.append(path) }
                guard !entry.isFolder, let file = KernelModuleFile(path) else { continue }
                if files[file.name] == nil || path.hasPrefix(updates) { files[file.name] = file }
            }
        }
        return files
    }
}
