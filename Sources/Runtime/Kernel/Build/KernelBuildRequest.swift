import SystemPackage

/// What is to be built of a tree.
public struct KernelBuildRequest: Sendable, Equatable {
    /// With what, and for what.
    public var toolchain: KernelToolchain
    /// make's targets; empty for the architecture's image.
    ///
    /// With an image come the modules where the configuration has any, unless ``modules`` is false.
    public var targets: [String]
    /// Processes at once; nil for one a processor.
    public var jobs: Int?
    /// Where make works; nil for a folder in the cache.
    public var out: FilePath?
    /// Whether modules are built and staged; nil for what suits the targets.
    public var modules: Bool?
    /// Whether `compile_commands.json` is made.
    public var compileCommands: Bool
    /// Whether the cache may answer and is filled.
    public var usesCache: Bool

    /// Describes a build; nothing runs yet.
    public init(
        toolchain: KernelToolchain = KernelToolchain(), targets: [String] = [], jobs: Int? = nil,
        out: FilePath? = nil, modules: Bool? = nil, compileCommands: Bool = false,
        usesCache: Bool = true
    ) {
        self.toolchain = toolchain
        self.targets = targets
        self.jobs = jobs
        self.out = out
        self.modules = modules
        self.compileCommands = compileCommands
        self.usesCache = usesCache
    }

    /// The target that makes an image to boot; nil where none of the targets does.
    var imageTarget: String? {
        if targets.isEmpty { return toolchain.arch.kernel.target }
        return targets.first { Self.imageTargets.contains($0) }
    }

    /// Below the build folder.
    var imagePath: String? {
        guard let target = imageTarget else { return nil }
        let kernel = toolchain.arch.kernel
        if target == kernel.target { return kernel.imagePath }
        return target == "vmlinux" ? target : "arch/\(kernel.sourceFolder)/boot/\(target)"
    }

    /// Whether modules belong to it, by its configuration.
    func buildsModules(_ config: KernelConfig) -> Bool {
        if targets.contains("modules") { return true }
        return modules ?? (imageTarget != nil && config.has("MODULES"))
    }

    /// The words for make.
    func makeTargets(_ config: KernelConfig) -> [String] {
        var words = targets.isEmpty ? [toolchain.arch.kernel.target] : targets
        if buildsModules(config), config.has("MODULES"), !words.contains("modules") {
            words.append("modules")
        }
        if compileCommands { words.append("compile_commands.json") }
        return words
    }

    private static let imageTargets: Set = [
        "bzImage", "zImage", "uImage", "Image", "Image.gz", "Image.lz4", "vmlinux", "vmlinux.efi",
        "vmlinuz.efi", "vmlinuz", "xipImage", "vmlinux.bin",
    ]
}
