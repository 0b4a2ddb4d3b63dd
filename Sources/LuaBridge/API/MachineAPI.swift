import QshRuntime
import SystemPackage

/// `qsh.machine`: machines that run.
@LoopActor
enum MachineAPI {
    static func module(_ services: QshServices) -> LuaModule {
        LuaModule(
            "machine",
            primitives: [
                .suspending("boot", hasTry: true) { try await boot($0, services) },
                .suspending("command") { try await command($0, services) },
            ])
    }

    /// `qsh.machine.boot { kernel = …, initramfs = …, … }`
    private static func boot(_ call: LuaCall, _ services: QshServices) async throws -> [LuaValue] {
        let options = try MachineOptions(call.options(at: 1))
        if let roots = services.roots {
            roots.isDone = true
            throw RecipeStopped()
        }
        if let kernel = options.configuration.kernel {
            try await KernelRequirements.check(options.requires, ofImage: kernel)
        }
        var plan = try options.plan(services)
        if !Cassette.isReplay, plan.configuration.kernel != nil,
            !plan.configuration.args.contains("-bios")
        {
            plan.configuration.firmware = try await QEMUFirmware.find(
                for: plan.configuration.arch, environment: HostEnvironment(services.environment),
                progress: services.note)
        }
        try plan.configuration.scaleLimits(services)
        let name = options.name ?? "machine"
        let isQuiet = !(options.echo ?? services.echoesByDefault)
        let echo = ConsoleEcho(name: name, isQuiet: isQuiet, services)
        let machine = try await Machine.boot(
            plan.configuration, root: plan.root, name: name, environment: services.environment,
            console: options.console, log: services.note
        ) { console in
            console.onScaledWait = services.note
            echo.follow(console)
            let say = services.note
            console.transcript.onFinding = { finding in LoopActor.assumeIsolated { say(finding) } }
        }
        services.onConsole(name, machine.console)
        services.detail("machine `\(name)`: process \(machine.pid): \(machine.reproduce)")
        let object = MachineObject(
            machine, name: name, timeout: options.timeout, hasAgent: plan.hasAgent, echo: echo,
            services: services)
        if let gdb = options.gdb { _ = try await object.startDebugServer(gdb) }
        return [.object(object)]
    }

    /// `qsh.machine.command { … }`: the command line that `boot` would run, ready to paste.
    private static func command(
        _ call: LuaCall, _ services: QshServices
    ) async throws -> [LuaValue] {
        let options = try MachineOptions(call.options(at: 1))
        var configuration = options.configuration
        if options.root != nil { configuration.initramfs = "initramfs.img" }
        let choice = try Accelerator.choose(configuration.accel, for: configuration.arch)
        return [.text(configuration.commandLine(on: choice.accelerator))]
    }
}

extension MachineConfiguration {
    /// Takes the recipe's factor into account, unless the machine has its own.
    @LoopActor
    fileprivate mutating func scaleLimits(_ services: QshServices) throws {
        let recipe = try services.timeoutScale()
        if timeScale == nil, recipe != 1 { recipeScale = recipe }
    }
}

extension MachineOptions {
    /// What the console keeps and what ends its waits.
    fileprivate var console: ConsoleConfiguration {
        var console = ConsoleConfiguration()
        console.expected = expected
        return console
    }
}

/// What `boot` is about to start.
private struct BootPlan {
    var configuration: MachineConfiguration
    var root: InitramfsTree?
    var hasAgent: Bool
}

extension MachineOptions {
    /// Puts the agent into a root of qsh's own, unless the recipe said no.
    @LoopActor
    fileprivate func plan(_ services: QshServices) throws -> BootPlan {
        var plan = BootPlan(configuration: configuration, root: root?.tree, hasAgent: false)
        if let size = services.terminalSize {
            plan.configuration.append.setDefault("qsh.rows", String(size.rows))
            plan.configuration.append.setDefault("qsh.cols", String(size.columns))
        }
        if case .replay(let cassette)? = Cassette.mode {
            plan.hasAgent = cassette.upcoming?.hasAgent ?? false
            return plan
        }
        guard agent ?? root?.wantsAgent ?? false else {
            plan.configuration.hasCommandChannel = false
            return plan
        }
        guard var tree = plan.root else { throw APIError.agentNeedsRoot }
        if let obstacle = try addAgent(to: &tree) {
            services.note("no guest agent: \(obstacle): commands go over the console")
            plan.configuration.hasCommandChannel = false
            return plan
        }
        plan.hasAgent = true
        try tree.startGuestAgentFirst(in: &plan.configuration.append)
        plan.root = tree
        return plan
    }

    /// - Returns: why it is not possible, where it is not and the recipe did not insist.
    private func addAgent(to tree: inout InitramfsTree) throws -> String? {
        guard GuestAgentImage.architectures.contains(configuration.arch) else {
            return "qsh has none for \(configuration.arch)"
        }
        do {
            _ = try tree.addGuestAgent(for: configuration.arch, modules: try agentModules())
            return nil
        } catch let error as KernelModulesError where agent == nil {
            return error.diagnostic.message
        }
    }

    private func agentModules() throws -> [FilePath] {
        guard let image = configuration.kernel else { return [] }
        let kernel = try Kernel(image: image, origin: .asked, arch: configuration.arch)
        guard let folder = kernel.modules else { return [] }
        return try KernelModules(folder: folder).resolveLoadable(
            InitramfsTree.guestAgentModules(for: configuration.arch))
    }
}
