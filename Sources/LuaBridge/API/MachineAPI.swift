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
                .immediate("network") { call in
                    try call.options(at: 1).finish()
                    return [.object(NetworkObject())]
                },
                .suspending("write_agent", hasTry: true) { try await writeAgent($0) },
            ])
    }

    /// `qsh.machine.boot { kernel = …, initramfs = …, … }`
    private static func boot(_ call: LuaCall, _ services: QshServices) async throws -> [LuaValue] {
        let options = try MachineOptions(call.options(at: 1))
        if let roots = services.roots {
            roots.isDone = true
            throw RecipeStopped()
        }
        if !Cassette.isReplay, let kernel = options.configuration.kernel {
            try await KernelRequirements.check(options.requires, ofImage: kernel)
            try await KernelRequirements.check(options.configuration)
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
        let prepare: @LoopActor (Console) -> Void = { console in
            console.onScaledWait = services.note
            echo.follow(console)
            let say = services.note
            console.transcript.onFinding = { finding in LoopActor.assumeIsolated { say(finding) } }
        }
        let machine =
            options.usesCache && !Cassette.isReplay
            ? try await BootCache().boot(
                plan.configuration, root: plan.root, name: name,
                environment: services.environment, console: options.console, log: services.note,
                onConsole: prepare)
            : try await Machine.boot(
                plan.configuration, root: plan.root, name: name,
                environment: services.environment, console: options.console, log: services.note,
                onConsole: prepare)
        services.onConsole(name, machine.console)
        services.detail("machine `\(name)`: process \(machine.pid): \(machine.reproduce)")
        let object = MachineObject(
            machine, name: name, timeout: options.timeout, hasAgent: plan.hasAgent, echo: echo,
            services: services)
        try await object.learnForwards()
        if let gdb = options.gdb { _ = try await object.startDebugServer(gdb) }
        return [.object(object)]
    }

    /// `qsh.machine.write_agent(path, { arch })`: the agent's program, for a guest of one's own.
    private static func writeAgent(_ call: LuaCall) async throws -> [LuaValue] {
        let path = try call.string(1, "path")
        let options = try call.options(at: 2)
        let arch = try options.arch("arch") ?? .ofHost
        try options.finish()
        try GuestAgentImage.write(for: arch, to: FilePath(path))
        return [.text(path)]
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
    var console: ConsoleConfiguration {
        var console = ConsoleConfiguration()
        console.expected = expected
        return console
    }
}
