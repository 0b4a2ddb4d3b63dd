import QshRuntime
import SystemPackage

/// What `boot` is about to start.
struct BootPlan {
    var configuration: MachineConfiguration
    var root: InitramfsTree?
    var hasAgent: Bool
}

extension MachineOptions {
    /// Puts the agent into the guest's root, unless the recipe said no.
    @LoopActor
    func plan(_ services: QshServices) throws -> BootPlan {
        var plan = BootPlan(configuration: configuration, root: root?.tree, hasAgent: false)
        if let size = services.terminalSize {
            plan.configuration.append.setDefault("qsh.rows", String(size.rows))
            plan.configuration.append.setDefault("qsh.cols", String(size.columns))
        }
        if case .replay(let cassette)? = Cassette.mode {
            plan.hasAgent = cassette.upcoming?.hasAgent ?? false
            return plan
        }
        if var tree = plan.root {
            if try !tree.addSetup(for: configuration) {
                services.note(
                    "the root has an init of its own: it has to mount `share` and set `network` up")
            }
            plan.root = tree
        }
        guard agent ?? root?.wantsAgent ?? false else {
            plan.configuration.hasCommandChannel = false
            return plan
        }
        // Without an image of any kind, the guest brings its own agent.
        guard root != nil || configuration.initramfs != nil else {
            _ = try guestModules(&plan.configuration, services)
            plan.hasAgent = true
            return plan
        }
        var tree = plan.root ?? InitramfsTree()
        if let obstacle = try addAgent(to: &tree, &plan.configuration, services) {
            services.note("no guest agent: \(obstacle): commands go over the console")
            plan.configuration.hasCommandChannel = false
            return plan
        }
        plan.hasAgent = true
        try tree.startGuestAgentFirst(in: &plan.configuration.append)
        if root == nil {
            plan.configuration.overlay = tree
        } else {
            plan.root = tree
        }
        return plan
    }

    /// - Returns: why it is not possible, where it is not and the recipe did not insist.
    @LoopActor
    private func addAgent(
        to tree: inout InitramfsTree, _ configuration: inout MachineConfiguration,
        _ services: QshServices
    ) throws -> String? {
        guard GuestAgentImage.architectures.contains(configuration.arch) else {
            return "qsh has none for \(configuration.arch)"
        }
        do {
            let modules = try guestModules(&configuration, services)
            _ = try tree.addGuestAgent(for: configuration.arch, modules: modules)
            return nil
        } catch let error as KernelModulesError where agent == nil {
            return error.diagnostic.message
        }
    }

    /// The modules that the agent loads, by the kernel's own; and by them, which line it takes.
    @LoopActor
    private func guestModules(
        _ configuration: inout MachineConfiguration, _ services: QshServices
    ) throws -> [FilePath] {
        var port = InitramfsTree.guestAgentModules(for: configuration.arch)
        var found: KernelModules?
        if let image = configuration.kernel {
            let kernel = try Kernel(image: image, origin: .asked, arch: configuration.arch)
            found = try kernel.modules.map { try KernelModules(folder: $0) }
        }
        var isSerial = agentIsSerial
        if !isSerial, let found, !found.has("virtio_console"),
            configuration.arch.secondConsole != nil
        {
            services.note(
                "agent: the kernel has no virtio_console, so it takes a second serial port")
            isSerial = true
        }
        if isSerial {
            guard let device = configuration.arch.secondConsole else {
                throw APIError.noSecondSerial(configuration.arch.name)
            }
            configuration.agentIsSerial = true
            configuration.append.setDefault("qsh.agent", device)
            port = []
        }
        guard let found else { return [] }
        let devices = InitramfsTree.modules(for: configuration)
        if !configuration.shares.isEmpty, !found.has("9p") { throw APIError.noSharing }
        return try found.resolveLoadable(port + devices.filter { found.has($0) })
    }
}

extension KernelModules {
    fileprivate func has(_ name: String) -> Bool {
        isBuiltIn(name) || (try? resolve([name])) != nil
    }
}
