import Glibc
import SystemPackage

extension Machine {
    /// Starts a machine and returns once QEMU runs the guest.
    ///
    /// Everything that can be checked beforehand is: the kernel image and its architecture, the
    /// initramfs and its `/init`, the command line, raw arguments, the accelerator. Where KVM was
    /// chosen automatically and does not run the guest, it is started once more under TCG.
    ///
    /// - Parameters:
    ///   - root: a tree to write as the initramfs, in place of the configuration's.
    ///   - name: of the run folder.
    ///   - environment: qsh's own variables, for `PATH` and `QSH_QEMU`.
    ///   - runs: where run folders are.
    ///   - console: what the console keeps and what ends its waits.
    ///   - kvm: looks at the host's KVM.
    ///   - log: told in one line each what was decided, such as the accelerator.
    ///   - onConsole: given the console before the guest can print; twice where it starts twice.
    /// - Throws: a `DiagnosticError` (``MachineError``, ``MachineConfigurationError``,
    ///   ``KernelImageError``, ``KernelCommandLineError``, ``InitramfsError``,
    ///   ``AcceleratorError``, ``QEMUBinaryError``,
    ///   ``QEMUVersionError``, ``RunDirectoryError``, ``ProcessError``), or
    ///   `CancellationError`.
    public static func boot(
        _ configuration: MachineConfiguration, root: InitramfsTree? = nil,
        name: String = "machine", environment: [String: String], runs: RunDirectoryBase = .standard,
        console: ConsoleConfiguration = ConsoleConfiguration(),
        kvm: () -> KVMFacts = KVMFacts.ofHost, log: @LoopActor (String) -> Void = { _ in },
        onConsole: @LoopActor (Console) -> Void = { _ in }
    ) async throws -> Machine {
        if case .replay(let cassette)? = Cassette.mode {
            return try await replay(
                cassette, configuration, name: name, runs: runs, console: console, log: log,
                onConsole: onConsole)
        }
        try configuration.validate()
        let qemu = try await program(of: configuration, environment)
        let choice = try Accelerator.choose(
            configuration.accel, for: configuration.arch, facts: kvm)
        log(choice.line)
        for warning in try await configuration.lint(root) { log(warning) }
        let launch = MachineLaunch(
            configuration: configuration, root: root, name: name, qemu: qemu, runs: runs,
            console: console)
        guard choice.accelerator == .kvm, choice.wasAutomatic else {
            return try await launch.start(choice, onConsole)
        }
        let refusal: String
        switch try await launch.tryKVM(choice, onConsole) {
        case .runs(let machine): return machine
        case .fails(let reason): refusal = reason
        }
        let second = Accelerator.Choice(.tcg, refusal, wasAutomatic: true)
        log(second.line)
        return try await launch.start(second, onConsole)
    }

    /// What is run: QEMU, or the kernel itself.
    private static func program(
        of configuration: MachineConfiguration, _ environment: [String: String]
    ) async throws -> FilePath {
        if configuration.arch.isUserMode {
            guard let kernel = configuration.kernel else {
                throw MachineConfigurationError.notInUserMode(option: "drive")
            }
            return kernel
        }
        let qemu = try QEMUBinary.locate(
            for: configuration.arch, option: configuration.qemu, environment: environment)
        try await QEMUBinary.requireVersion(of: qemu, for: configuration.arch)
        return qemu
    }
}

extension MachineLaunch {
    fileprivate enum Trial {
        case runs(Machine)
        /// In words that end the sentence "tcg, because …".
        case fails(String)
    }

    /// Under a KVM that works, the first byte comes in well under a second.
    private static var silenceLimit: Duration { .seconds(10) }

    /// Starts the machine under KVM and watches until it shows that it runs.
    fileprivate func tryKVM(
        _ choice: Accelerator.Choice, _ onConsole: @LoopActor (Console) -> Void
    ) async throws -> Trial {
        let machine: Machine
        do {
            machine = try await start(choice, onConsole)
        } catch let error as MachineError {
            // Other refusals would come under TCG as well.
            guard case .refused(let words, _) = error.reason,
                words.lowercased().contains("kvm")
            else { throw error }
            return .fails("kvm does not start: \(error.firstWords)")
        }
        do {
            let reason = try await machine.whyItDoesNotRun(within: Self.silenceLimit)
            guard let reason else { return .runs(machine) }
            machine.decide(CassetteBoot.retried)
            await machine.kill()
            return .fails(reason)
        } catch {
            await machine.kill()
            throw error
        }
    }
}

extension Machine {
    /// Waits for the first sign of life; nil where there was one.
    fileprivate func whyItDoesNotRun(within limit: Duration) async throws -> String? {
        let subscriber = console.subscribe { [changed] _ in changed.notify() }
        defer { console.unsubscribe(subscriber) }
        let isAlive = try await changed.wait(until: .after(limit)) {
            self.exit != nil || self.console.transcript.count > 0
                || self.commands?.isConnected == true
        }
        if let exit, exit.cause == .internalError || exit.consoleBytes == 0 {
            return "kvm did not run the guest: \(exit.inWords)"
        }
        return isAlive ? nil : "the guest printed nothing in \(limit.inSeconds) under kvm"
    }
}
