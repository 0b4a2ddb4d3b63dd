import SystemPackage

extension InitramfsTree {
    /// Where the list of modules is that are loaded at the start, one path a line, in order.
    static let moduleListPath = "/etc/qsh/modules"

    /// Adds modules of a kernel with all that they need, and their firmware; the root loads them
    /// before anything else, in the order in which each finds what it needs.
    ///
    /// Compressed modules are decompressed. What the kernel has built in is left out.
    ///
    /// - Parameters:
    ///   - names: modules, or aliases as the kernel asks for them.
    ///   - folder: `lib/modules/RELEASE`; the kernel's own where nil.
    /// - Returns: what could not be had and may be missed, one sentence each.
    /// - Throws: ``KernelModulesError``, ``GeneratorError``, ``InitramfsError``.
    @discardableResult
    public mutating func addModules(
        _ names: [String], of kernel: Kernel, folder: FilePath? = nil
    ) throws -> [String] {
        let modules = try KernelModules(of: kernel, folder: folder)
        var selection = ModuleSelection(modules, of: kernel)
        for name in names {
            try selection.add(
                ModuleRequest(name: name, why: "the recipe asks for it"), hook: "")
        }
        let remarks = try add(selection)
        try addFile(
            "/etc/qsh/init.d/00-modules",
            text: """
                #!/bin/sh
                while read -r module; do insmod "$module"; done <\(Self.moduleListPath)

                """, mode: .program)
        return remarks
    }

    /// Adds what was selected, and its list.
    mutating func add(
        _ selection: ModuleSelection, isLoaded: (String) -> Bool = { _ in true },
        firmware extra: FilePath? = nil
    ) throws -> [String] {
        var remarks: [String] = []
        var list = self.text(Self.moduleListPath).split(separator: "\n").map(String.init)
        let folders = FirmwareFolders(
            modules: selection.modules.folder, release: selection.release, extra: extra)
        for item in selection.chosen {
            let path = try Self.place(of: item, selection)
            if let contents = item.contents {
                try addFile(path.display, bytes: contents)
            } else {
                try addFile(path.display, from: item.file.path)
            }
            let user = try item.user.flatMap { name in
                try selection.item(name).map { try Self.place(of: $0, selection) }
            }
            var why = item.why
            if user == nil, let name = item.user { why += " `\(name)`, which is built in" }
            explain(path, PickReason(.module, why, hook: item.hook, because: user))
            if isLoaded(item.file.name), !list.contains(path.display) { list.append(path.display) }
            for name in item.info.firmware {
                if let remark = try addFirmware(name, folders, item, path) {
                    remarks.append(remark)
                }
            }
        }
        try addFile(Self.moduleListPath, text: list.map { $0 + "\n" }.joined())
        return remarks
    }

    /// `/lib/modules/RELEASE/kernel/…/NAME.ko`
    static func place(
        of item: ModuleSelection.Chosen, _ selection: ModuleSelection
    ) throws -> InitramfsPath {
        let release = selection.release
        let folder = selection.modules.folder
        var inside = item.file.location.dropFirst(folder.string.count).drop { $0 == "/" }
        if let compression = item.file.compression {
            inside = inside.dropLast(compression.rawValue.count)
        }
        return try InitramfsPath("/lib/modules/\(release)/\(inside)")
    }

    private mutating func addFirmware(
        _ name: String, _ folders: FirmwareFolders, _ item: ModuleSelection.Chosen,
        _ module: InitramfsPath
    ) throws -> String? {
        // Some modules name a family of files by a pattern; which one is asked for shows later.
        if name.contains("*") { return nil }
        guard let found = folders.find(name) else {
            return "firmware `\(name)` was not found: module `\(item.file.name)` may ask for it"
        }
        let path = "/lib/firmware/\(name)"
        if let codec = found.codec {
            try addFile(path, bytes: codec.contents(of: found.path, limit: 256 << 20))
        } else {
            try addFile(path, from: found.path)
        }
        explain(
            try InitramfsPath(path),
            PickReason(.firmware, "firmware of", hook: item.hook, because: module))
        return nil
    }

    /// The text of a file that qsh made itself; empty where there is none.
    func text(_ path: String) -> String {
        guard let path = try? InitramfsPath(path),
            case .file(.bytes(let bytes))? = entry(at: path)?.kind
        else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension KernelModules {
    /// The modules of a kernel.
    ///
    /// - Throws: ``GeneratorError`` where none lie near it, or where the folder given is of another
    ///   release; ``KernelModulesError``.
    init(of kernel: Kernel, folder asked: FilePath?) throws {
        guard let folder = asked ?? kernel.modules else {
            throw GeneratorError.noModulesFolder(
                kernel: kernel.image, release: kernel.release, others: [])
        }
        let name = FileTree.resolved(folder).lastComponent?.string ?? ""
        // Other names are those of folders that nobody installed yet.
        let isRelease = name.utf8.first.map { (0x30...0x39).contains($0) } ?? false
        if kernel.release != "unknown", isRelease, name != kernel.release {
            throw GeneratorError.otherRelease(kernel: kernel.release, modules: name, folder)
        }
        try self.init(folder: FileTree.resolved(folder))
    }
}
