import SystemPackage

/// Puts an image together: runs the build parts of the hooks in their order, then picks the
/// modules that they asked for.
@LoopActor
public final class InitramfsGenerator {
    /// What was asked for.
    public let configuration: GeneratorConfiguration
    /// The image as far as it is.
    public var tree = InitramfsTree()
    /// The archive in front of it.
    var early = InitramfsTree()
    /// What was not found and may be missed, one sentence each.
    public var remarks: [String] = []
    /// The hook at work; empty for what the caller asked for himself.
    public private(set) var hookAtWork = ""
    /// What the machine is made of, once `autodetect` has looked.
    var hardware: HostHardware?
    /// What the root lies on, as far as that is known.
    private(set) var root = RootStack()

    let programs: ProgramSource
    /// nil where none lie near the kernel.
    let modules: KernelModules?
    private var aliasTable: ModuleAliases?
    private var closures: [String: BinaryClosure] = [:]
    private var requests: [Request] = []
    private let progress: @LoopActor (String) -> Void

    private struct Request {
        var module: ModuleRequest
        var hook: String
        /// Whether it stands in the list that is loaded at the start.
        var isLoaded: Bool
    }

    /// Checks what can be checked before any work.
    ///
    /// - Throws: ``GeneratorError``, ``KernelModulesError``, ``InitramfsError``.
    public init(
        _ configuration: GeneratorConfiguration,
        progress: @escaping @LoopActor (String) -> Void = { _ in }
    ) throws {
        self.configuration = configuration
        self.progress = progress
        programs = ProgramSource(
            arch: configuration.kernel.arch, environment: configuration.environment,
            cache: configuration.cache, progress: progress)
        let names = configuration.hooks.map(\.name)
        if !names.contains("base") { throw GeneratorError.noBaseHook(names) }
        try configuration.requireCodec()
        root = try RootStack(of: configuration.rootDisks)
        if configuration.moduleRoot == nil, configuration.kernel.modules == nil {
            modules = nil
            if !configuration.modules.isEmpty { throw missingModules }
            remarks.append(
                "no modules of `\(configuration.kernel.release)` lie near the kernel: it must have "
                    + "all that its root needs built in")
        } else {
            modules = try KernelModules(
                of: configuration.kernel, folder: configuration.moduleRoot)
        }
    }

    /// Puts it together.
    public func generate() async throws -> GeneratedInitramfs {
        for hook in configuration.hooks {
            try Task.checkCancellation()
            hookAtWork = hook.name
            try await hook.build(self)
            if !hook.script.isEmpty {
                try tree.addFile("/hooks/\(hook.name)", text: hook.script + "\n")
            }
            try explainRest(hook.name)
        }
        hookAtWork = ""
        try addWhatWasAsked()
        try addModules()
        for closure in closures.values { remarks += closure.remarks }
        let names = configuration.hooks.map(\.name).joined(separator: " ")
        try tree.addFile("/etc/qsh/hooks", text: names + "\n")
        try explainRest("base")
        if tree.entry(at: try InitramfsPath("init")) == nil { throw GeneratorError.noInit }
        let report = try GeneratorReport(tree)
        try tree.addReasons()
        return GeneratedInitramfs(
            tree: tree, early: early, report: report, remarks: remarks.sorted(),
            kernel: configuration.kernel, compression: configuration.compression)
    }

    private func addWhatWasAsked() throws {
        for name in configuration.binaries {
            try addBinary(
                name, reason: PickReason(.program, "the command line or recipe asks for it"))
        }
        for file in configuration.files {
            let path = FileTree.absolute(file).string
            try tree.addFile(path, from: file)
            tree.explain(
                try InitramfsPath(path),
                PickReason(.data, "the command line or recipe asks for it"))
        }
        for name in configuration.modules {
            request(ModuleRequest(name: name, why: "the command line or recipe asks for it"))
        }
    }

    /// What a hook added without a word.
    private func explainRest(_ hook: String) throws {
        for entry in tree.entries where tree.reasons[entry.path] == nil && !entry.isDirectory {
            let isScript =
                entry.path.bytes.starts(with: "hooks/".utf8)
                || entry.path.bytes.elementsEqual("init".utf8)
            tree.explain(
                entry.path,
                PickReason(
                    isScript ? .script : .configuration, "the hook `\(hook)` makes it", hook: hook))
        }
    }
}

extension InitramfsGenerator {
    /// Adds a program of the host with all that it needs.
    public func addBinary(
        _ name: String, at place: String? = nil, in root: FilePath = "/",
        reason: PickReason? = nil
    ) throws {
        let folder = HostRoot(root.string)
        var closure =
            closures[folder.folder]
            ?? BinaryClosure(root: folder, arch: configuration.kernel.arch)
        defer { closures[folder.folder] = closure }
        try closure.add(
            name, at: place, to: &tree,
            reason
                ?? PickReason(.program, "the hook `\(hookAtWork)` needs it", hook: hookAtWork))
    }

    /// Adds a program from the host, or from Debian's package where the host has none.
    func addProgram(_ name: String, package: String?) async throws {
        let found = try await programs.find(name, package: package)
        try addBinary(
            found.path, in: FilePath(found.root.folder.isEmpty ? "/" : found.root.folder))
    }

    /// Asks for a module; it is looked for when all hooks have run.
    func request(_ module: ModuleRequest, isLoaded: Bool = true) {
        requests.append(Request(module: module, hook: hookAtWork, isLoaded: isLoaded))
    }

    /// The same for several, of which none must be there.
    func request(possible names: [String], why: String, isLoaded: Bool = true) {
        for name in names {
            request(ModuleRequest(name: name, why: why, isOptional: true), isLoaded: isLoaded)
        }
    }

    /// Asks for modules by name; each must be there.
    public func requestModules(_ names: [String]) {
        for name in names {
            request(ModuleRequest(name: name, why: "the hook `\(hookAtWork)` asks for it"))
        }
    }

    /// Which modules answer to which names; made once.
    func aliases() throws -> ModuleAliases {
        if let aliasTable { return aliasTable }
        let made = try modules?.aliases() ?? ModuleAliases()
        aliasTable = made
        return made
    }

    /// Takes what `autodetect` saw, unless the caller named the root's disks.
    func take(_ hardware: HostHardware) {
        self.hardware = hardware
        if configuration.rootDisks.isEmpty { root = hardware.root }
    }

    /// Says one line about work that takes time.
    func say(_ line: String) { progress(line) }

    private var missingModules: GeneratorError {
        .noModulesFolder(
            kernel: configuration.kernel.image, release: configuration.kernel.release,
            others: KernelSurroundings.otherReleases(beside: configuration.kernel.image))
    }

    private func addModules() throws {
        guard let modules else {
            // Those of another kernel, where its own should be, are a mistake: a kernel that
            // needs none has none.
            if case .noModulesFolder(_, _, let others) = missingModules, !others.isEmpty,
                !requests.isEmpty
            {
                throw missingModules
            }
            return
        }
        var selection = ModuleSelection(
            modules, of: configuration.kernel, aliases: aliasTable)
        // What is loaded at the start comes first: whatever is chosen up to then is in the list.
        for request in requests where request.isLoaded {
            try selection.add(request.module, hook: request.hook)
        }
        let loaded = Set(selection.chosen.map(\.file.name))
        for request in requests where !request.isLoaded {
            try selection.add(request.module, hook: request.hook)
        }
        remarks += try tree.add(
            selection, isLoaded: loaded.contains, firmware: configuration.firmware)
        try tree.addModprobeTables(selection)
        let wishes = requests.filter(\.module.isOptional).map(\.module.name)
        remarks += modules.gone(among: wishes).map {
            "module `\($0)` was built, and is not in `\(modules.folder)` any more"
        }
    }
}

extension GeneratorConfiguration {
    /// Refuses a codec that the kernel's configuration lacks; where that is not known, all pass.
    fileprivate func requireCodec() throws {
        guard let file = kernel.config else { return }
        let bytes: [UInt8]
        do throws(Errno) { bytes = try readSmallFile(file, limit: 4 << 20) } catch {
            throw GeneratorError.noConfiguration(file)
        }
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        func has(_ option: String) -> Bool {
            lines.contains { $0.elementsEqual("\(option)=y".utf8) }
        }
        if !has("CONFIG_BLK_DEV_INITRD") {
            throw GeneratorError.takesNoInitramfs(kernel: kernel.release, config: file)
        }
        guard let option = compression.codec.kernelOption, !has(option) else { return }
        throw GeneratorError.codecMissing(
            compression.codec.rawValue, option: option, kernel: kernel.release, config: file)
    }
}

/// An image that was put together and not yet written.
public struct GeneratedInitramfs: Sendable {
    /// What is in it.
    public let tree: InitramfsTree
    /// The archive in front of it, for microcode; often empty.
    public let early: InitramfsTree
    /// What takes the room.
    public let report: GeneratorReport
    /// What was not found and may be missed, one sentence each.
    public let remarks: [String]
    /// The kernel that it is for.
    public let kernel: Kernel
    /// How it will be compressed.
    public let compression: InitramfsCompression

    /// Writes it, complete or not at all.
    ///
    /// - Throws: ``InitramfsError``, `CancellationError`.
    public func write(to path: FilePath) async throws {
        try await tree.write(to: path, compression: compression, early: early)
    }
}
