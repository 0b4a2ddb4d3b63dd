import Glibc
import SystemPackage

extension Machine {
    /// Starts a machine and returns once QEMU runs the guest.
    ///
    /// Everything that can be checked beforehand is: the kernel image and its architecture, the
    /// initramfs, the command line, raw arguments, the accelerator.
    ///
    /// - Parameters:
    ///   - root: a tree to write as the initramfs, in place of the configuration's.
    ///   - name: of the run folder.
    ///   - environment: qsh's own variables, for `PATH` and `QSH_QEMU`.
    ///   - runs: where run folders are.
    ///   - console: what the console keeps and what ends its waits.
    ///   - log: told in one line each what was decided, such as the accelerator.
    ///   - onConsole: given the console before the guest can print.
    /// - Throws: a `DiagnosticError` (``MachineError``, ``MachineConfigurationError``,
    ///   ``KernelImageError``, ``KernelCommandLineError``, ``AcceleratorError``,
    ///   ``QEMUBinaryError``, ``RunDirectoryError``, ``ProcessError``), or `CancellationError`.
    public static func boot(
        _ configuration: MachineConfiguration, root: InitramfsTree? = nil,
        name: String = "machine", environment: [String: String], runs: RunDirectoryBase = .standard,
        console: ConsoleConfiguration = ConsoleConfiguration(),
        log: @LoopActor (String) -> Void = { _ in },
        onConsole: @LoopActor (Console) -> Void = { _ in }
    ) async throws -> Machine {
        try configuration.validate()
        let qemu = try QEMUBinary.locate(
            for: configuration.arch, option: configuration.qemu, environment: environment)
        let choice = try Accelerator.choose(configuration.accel, for: configuration.arch)
        log(choice.line)
        let launch = Launch(
            configuration: configuration, root: root, name: name, qemu: qemu, runs: runs,
            console: console)
        let machine = try await launch.start(choice, onConsole)
        guard choice.accelerator == .kvm, choice.wasAutomatic,
            try await machine.staysSilent(for: silenceLimit)
        else { return machine }
        await machine.kill()
        let second = Accelerator.Choice(
            .tcg, "the guest printed nothing in \(silenceLimit.inSeconds) under kvm",
            wasAutomatic: true)
        log(second.line)
        return try await launch.start(second, onConsole)
    }

    /// Under a KVM that works, the first byte comes in well under a second.
    private static let silenceLimit: Duration = .seconds(10)

    /// Whether nothing at all came from a guest that runs.
    private func staysSilent(for limit: Duration) async throws -> Bool {
        let deadline = Deadline.after(limit)
        let subscriber = console.subscribe { [changed] _ in changed.notify() }
        defer { console.unsubscribe(subscriber) }
        return try await !changed.wait(until: deadline) {
            self.exit != nil || self.console.transcript.count > 0
                || self.commands?.isConnected == true
        }
    }
}

/// What is needed to start QEMU, once or again with another accelerator.
@LoopActor
private struct Launch {
    let configuration: MachineConfiguration
    let root: InitramfsTree?
    let name: String
    let qemu: FilePath
    let runs: RunDirectoryBase
    let console: ConsoleConfiguration

    /// QEMU answers in 65 ms; a host under load, or one that must allocate much memory, later.
    static let handshakeLimit: Duration = .seconds(30)
    /// How many run folders of earlier failures stay for their readers.
    static let keptFolders = 8

    func start(
        _ choice: Accelerator.Choice, _ onConsole: @LoopActor (Console) -> Void
    ) async throws -> Machine {
        let wires: MachineWires
        do throws(Errno) {
            wires = try MachineWires(hasAgent: configuration.hasCommandChannel)
        } catch {
            throw MachineError(.noSockets(error))
        }
        runs.removeKept(beyond: Self.keptFolders)
        let folder = try RunDirectory.create(machine: name, base: runs)
        let transcript = Transcript(folder: configuration.transcript ?? folder.path)
        let console = Console(configuration: console, transcript: transcript)
        onConsole(console)
        do {
            return try await start(choice, wires, folder, console)
        } catch {
            // An error about the machine names what is in the folder.
            folder.remove(keeping: error is MachineError && (root != nil || transcript.count > 0))
            throw error
        }
    }

    private func start(
        _ choice: Accelerator.Choice, _ wires: MachineWires, _ folder: RunDirectory,
        _ console: Console
    ) async throws -> Machine {
        var configuration = configuration
        if let root {
            // Beside the transcript, so that the command in an error can be pasted.
            let image = folder.path.appending("initramfs.img")
            try await root.write(to: image)
            configuration.initramfs = image
        }
        let pasted = command(configuration, choice, .terminal)
        try folder.record(pasted)
        let child = try ChildProcess.spawn(
            command(configuration, choice, wires.wiring), descriptors: wires.descriptors)
        wires.closePeers()
        try folder.record(pid: child.pid)
        let machine = Machine(
            configuration, choice, console: console, wires: wires, child: child, folder: folder,
            reproduce: pasted.shellQuoted)
        try await greet(machine)
        return machine
    }

    private func command(
        _ configuration: MachineConfiguration, _ choice: Accelerator.Choice,
        _ wiring: QEMUArguments.Wiring
    ) -> Command {
        let arguments = QEMUArguments(configuration, on: choice.accelerator, wiring).arguments
        return Command([wiring == .terminal ? qemu.pasted : qemu.string] + arguments)
    }

    /// Waits until QEMU has set everything up, or has said why not.
    private func greet(_ machine: Machine) async throws {
        do {
            try await machine.qmp.handshake(until: .after(Self.handshakeLimit))
        } catch is QMPError {
            // The socket ends a moment before the process does.
            let exit = try? await machine.wait(until: .after(.seconds(2)))
            guard let exit else {
                await machine.kill()
                throw machine.error(.mute(after: Self.handshakeLimit))
            }
            // A guest that was faster than the handshake has run; so its end is a verdict.
            if machine.qmp.hasSeen("SHUTDOWN") || machine.console.transcript.count > 0 { return }
            throw machine.error(.refused(words: machine.context.qemuWords, exit.process))
        } catch {
            await machine.kill()
            throw error
        }
    }
}

extension FilePath {
    /// As a person would type it: bare where `PATH` leads there anyway.
    fileprivate var pasted: String {
        guard let name = lastComponent?.string, Command.locate(name) == self else { return string }
        return name
    }
}

extension MachineConfiguration {
    /// Checks everything that can be checked without QEMU.
    ///
    /// - Throws: what ``Machine/boot(_:name:environment:runs:console:log:onConsole:)`` lists.
    public func validate() throws {
        try QEMUArguments.refuse(args)
        if let kernel {
            try KernelImage.identify(kernel).require(arch)
            try append.withDefaults(for: arch).validate(for: arch)
        }
        if let initramfs { try Self.requireFile(initramfs, "initramfs") }
    }

    /// The command line that a person can paste, without running anything.
    public func commandLine(on accelerator: Accelerator) -> String {
        let program = qemu?.string ?? arch.qemu.binary
        let arguments = QEMUArguments(self, on: accelerator, .terminal).arguments
        return Command([program] + arguments).shellQuoted
    }

    private static func requireFile(
        _ path: FilePath, _ option: String
    ) throws(MachineConfigurationError) {
        let start: [UInt8]
        do throws(Errno) {
            start = try readSmallFile(path, limit: 1)
        } catch {
            throw .unreadable(option: option, path, error)
        }
        if start.isEmpty { throw .empty(option: option, path) }
    }
}
