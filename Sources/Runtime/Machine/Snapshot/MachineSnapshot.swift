import Glibc
import SystemPackage

/// A machine as it was at one moment: RAM, devices and drives, to go on from any number of times.
///
/// The RAM is shared between all that go on from it until they write. It lives as long as this
/// object or a machine that was restored from it.
@LoopActor
public final class MachineSnapshot {
    /// What the machine was made from; its drives are the copies that belong to the snapshot.
    let configuration: MachineConfiguration
    let source: MachineLaunch
    let accelerator: Accelerator.Choice
    /// The RAM; nil where ``state`` holds it too.
    let memory: GuestMemory?
    let state: GuestMemory
    let kernel: GuestMemory?
    let initramfs: GuestMemory?
    /// What a restored machine's console begins with.
    let console: [UInt8]
    /// Whether the guest ran.
    let wasRunning: Bool
    /// Whether an agent answered.
    let hadAgent: Bool
    /// Holds copies of drives.
    let folder: TemporaryDirectory?

    init(
        configuration: MachineConfiguration, source: MachineLaunch,
        accelerator: Accelerator.Choice, memory: GuestMemory?, state: GuestMemory,
        kernel: GuestMemory?, initramfs: GuestMemory?, console: [UInt8], wasRunning: Bool,
        hadAgent: Bool, folder: TemporaryDirectory?
    ) {
        self.configuration = configuration
        self.source = source
        self.accelerator = accelerator
        self.memory = memory
        self.state = state
        self.kernel = kernel
        self.initramfs = initramfs
        self.console = console
        self.wasRunning = wasRunning
        self.hadAgent = hadAgent
        self.folder = folder
    }

    /// Bytes of the host's memory that it takes by itself.
    public var usedBytes: Int { (memory?.usedBytes ?? 0) + state.usedBytes }

    /// How long a restored guest's agent may take to answer.
    private static let agentLimit: Duration = .seconds(30)
    private static let restoreLimit: Duration = .seconds(60)

    /// Starts a machine that goes on from here, with clock, randomness and addresses of its own.
    ///
    /// - Parameters:
    ///   - name: of the run folder.
    ///   - transcript: folder for its transcript; nil for the run folder.
    ///   - onConsole: given the console before the guest can print.
    /// - Throws: ``SnapshotError``, ``MachineError``, ``GuestAgentError``, ``QMPError`` or
    ///   `CancellationError`.
    public func restore(
        name: String = "machine", transcript: FilePath? = nil,
        onConsole: @LoopActor (Console) -> Void = { _ in }
    ) async throws -> Machine {
        var configuration = configuration
        configuration.transcript = transcript
        configuration.links = configuration.links.map { $0.forClone() }
        let launch = MachineLaunch(
            configuration: configuration, root: nil, name: name, qemu: source.qemu,
            runs: source.runs, console: source.console, snapshot: self)
        let machine = try await launch.start(accelerator, onConsole)
        do {
            try await machine.goOn(wasRunning, until: .after(Self.restoreLimit))
            if wasRunning, hadAgent {
                try await machine.cure(
                    self.configuration.links, until: .after(Self.agentLimit))
            }
        } catch {
            let shown = await machine.explanation(of: error)
            await machine.kill()
            throw shown
        }
        return machine
    }
}

extension Machine {
    /// Has the RAM's file left alone where `isApart`, and every step reported by an event.
    func prepareMigration(memoryIsApart isApart: Bool, until deadline: Deadline) async throws {
        try await qmp.execute(
            "migrate-set-capabilities",
            [
                "capabilities": [
                    ["capability": "x-ignore-shared", "state": .bool(isApart)],
                    ["capability": "events", "state": true],
                ]
            ], until: deadline)
    }

    fileprivate func goOn(_ runs: Bool, until deadline: Deadline) async throws {
        try await prepareMigration(memoryIsApart: !files.ownsMemory, until: deadline)
        let before = qmp.eventCount
        try await qmp.execute(
            "migrate-incoming", ["uri": .string(InheritedFiles.stateAddress)], until: deadline)
        do {
            try await awaitMigration(after: before, until: deadline)
        } catch {
            _ = try? await wait(until: .after(.seconds(2)))
            let words = context.qemuWords.split(separator: "\n").last.map(String.init)
            throw SnapshotError.notRestored(words ?? "no reason given")
        }
        if runs { try await qmp.execute("cont", until: deadline) }
    }

    /// Waits for the end of a migration, in either direction.
    func awaitMigration(after count: Int, until deadline: Deadline) async throws {
        var count = count
        while let found = try await qmp.numberedEvent(
            ["MIGRATION"], after: count, until: deadline)
        {
            count = found.number + 1
            switch found.event.data["status"]?.text {
            case "completed": return
            case "failed":
                let answer = try? await qmp.execute("query-migrate", until: deadline)
                throw SnapshotError.notSaved(answer?["error-desc"]?.text ?? "no reason given")
            default: break
            }
        }
        throw QMPError.noEvent("MIGRATION", after: .zero)
    }

    /// Gives a clone what must be its own.
    fileprivate func cure(_ links: [NetworkLink], until deadline: Deadline) async throws {
        guard let commands else { return }
        try await commands.waitUntilConnected(until: deadline)
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        try await commands.setClock(
            seconds: Int64(now.tv_sec), nanoseconds: Int64(now.tv_nsec), until: deadline)
        try await commands.reseed((0..<64).map { _ in .random(in: 0...255) }, until: deadline)
        guard !links.isEmpty else { return }
        // The card's own address came with the devices' state.
        let lines = zip(links, configuration.links).flatMap { old, new in
            GuestSetup.address(of: new, on: old.hardwareAddress)
        }
        let command = GuestCommand(.shell(lines.joined(separator: "\n")))
        let result = try await commands.execute(command, until: deadline)
        if !result.succeeded {
            let words = String(decoding: result.stderr, as: UTF8.self)
            throw SnapshotError.notReaddressed(
                words.split(separator: "\n").last.map(String.init) ?? "")
        }
    }
}
