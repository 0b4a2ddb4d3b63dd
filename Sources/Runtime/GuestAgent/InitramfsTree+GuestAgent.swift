import SystemPackage

extension InitramfsTree {
    /// Where the agent is, and what `rdinit=` must be for it to start.
    public static let guestAgentPath = "/.qsh/agent"

    /// Modules that the agent's port needs where the kernel does not have them built in.
    public static func guestAgentModules(for arch: Arch) -> [String] {
        switch arch.virtio {
        case .pci: ["virtio_pci", "virtio_console"]
        case .mmio: ["virtio_mmio", "virtio_console"]
        // The bus itself cannot be a module on s390 (CONFIG_S390_GUEST).
        case .ccw: ["virtio_console"]
        }
    }

    /// Modules that a guest needs for the devices that the configuration plugs in.
    public static func modules(for configuration: MachineConfiguration) -> [String] {
        GuestSetup.modules(configuration)
    }

    /// Adds the agent, to be started by `rdinit=/.qsh/agent`, and the modules it loads first.
    ///
    /// The agent runs the image's `/init` in its own place afterwards.
    ///
    /// - Parameter modules: module files of the host, in the order in which they must be loaded.
    /// - Returns: false where qsh has no agent for the architecture; nothing is added then.
    public mutating func addGuestAgent(
        for arch: Arch, modules: [FilePath] = []
    ) throws(InitramfsError) -> Bool {
        guard let agent = GuestAgentImage.bytes(for: arch) else { return false }
        try addFile(Self.guestAgentPath, bytes: agent, mode: .program)
        var list = ""
        for module in modules {
            guard let name = module.lastComponent?.string else { continue }
            let path = "/.qsh/modules/\(name)"
            try addFile(path, from: module, mode: .file)
            list += path + "\n"
        }
        try addFile("/.qsh/modules.list", text: list)
        // Commands wait until this init has made `/.qsh/ready`; another one would not make it.
        if hasDefaultInit { try addFile("/.qsh/waits", text: "") }
        return true
    }

    /// Has qsh's own init mount and connect what the machine's configuration says.
    ///
    /// - Returns: false where there is something to do and another init.
    public mutating func addSetup(
        for configuration: MachineConfiguration
    ) throws(InitramfsError) -> Bool {
        guard let script = GuestSetup.script(configuration) else { return true }
        guard hasDefaultInit else { return false }
        try addFile(GuestSetup.path, text: script, mode: .program)
        return true
    }

    private var hasDefaultInit: Bool {
        guard let path = try? InitramfsPath("init"),
            case .file(let content)? = entry(at: path)?.kind
        else { return false }
        return content == .bytes(Array(defaultInit.utf8))
    }

    private static let namedInitPath = "/.qsh/init"

    /// The program that the agent runs in its own place.
    var initBehindGuestAgent: String {
        guard let path = try? InitramfsPath(Self.namedInitPath),
            case .file(.bytes(let name))? = entry(at: path)?.kind
        else { return "/init" }
        return String(decoding: name, as: UTF8.self)
    }

    /// Makes the kernel start the agent, and the agent what the kernel would have started.
    public mutating func startGuestAgentFirst(
        in append: inout KernelCommandLine
    ) throws(InitramfsError) {
        if let program = append.value(of: "rdinit") {
            try addFile(Self.namedInitPath, text: program)
            _ = try remove(InitramfsPath(".qsh/waits"))
        }
        append.set("rdinit", Self.guestAgentPath)
    }
}
