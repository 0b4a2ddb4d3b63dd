import Glibc
import SystemPackage

/// A running QEMU: its console, its control socket, its agent's port, its end.
///
/// Made by ``boot(_:root:name:environment:runs:console:kvm:log:onConsole:)``. Dropping the last
/// reference kills QEMU.
@LoopActor
public final class Machine {
    /// What it was made from.
    public let configuration: MachineConfiguration
    /// What runs the guest, and why.
    public let accelerator: Accelerator.Choice
    /// The serial port. Its reader always runs.
    public let console: Console
    /// QEMU's control socket.
    public let qmp: QMPClient
    /// The channel to the guest's agent; nil where the machine has no port for one.
    public let commands: CommandChannel?
    /// The command line for a person to paste, with the console on the terminal.
    public let reproduce: String
    /// Notified when ``exit`` is set.
    public let changed = Broadcast()
    /// How it ended; nil while it runs.
    public private(set) var exit: MachineExit?
    /// QEMU's process.
    public nonisolated var pid: Int32 { child.pid }

    let child: ChildProcess
    let folder: RunDirectory
    private let server: ConsoleServer?
    /// How it was started, and with which files: what a snapshot of it needs.
    let source: MachineLaunch
    let files: InheritedFiles
    /// Whether a snapshot is being taken.
    var isTakingSnapshot = false
    let wires: MachineWires
    private let started = Deadline.now
    private var shutdownStep: ShutdownStep?
    private var wasKilled = false
    private var hadInternalError = false
    private let track: CassetteTrack?
    /// Where the recipe did something else than the cassette that is played has.
    private(set) var replayDifference: String?

    /// How long sockets may take to deliver what QEMU left in them; they are at their end at once
    /// unless somebody else holds them open.
    private static let drainLimit: Duration = .seconds(2)

    init(
        _ configuration: MachineConfiguration, _ accelerator: Accelerator.Choice,
        console: Console, wires: MachineWires, child: ChildProcess, folder: RunDirectory,
        reproduce: String, source: MachineLaunch, files: InheritedFiles, track: CassetteTrack? = nil
    ) {
        self.track = track
        self.configuration = configuration
        self.source = source
        self.files = files
        self.accelerator = accelerator
        self.console = console
        self.wires = wires
        self.child = child
        self.folder = folder
        // Without it the machine runs as well; only nobody can attach.
        server = try? ConsoleServer(console, in: folder.path)
        self.reproduce = reproduce
        qmp = QMPClient(wires.qmp)
        commands = wires.agent.map { CommandChannel($0) }
        qmp.onEvent = { [weak self] in self?.note($0) }
        console.attach(wires.serial)
        console.baseScale =
            configuration.timeScale
            ?? .of(accelerator.accelerator, recipe: configuration.recipeScale)
        console.timeline = ConsoleTimeline(started: started)
        console.describeState = { [weak self] in self?.stateInWords }
        followDecisions()
        watch()
    }

    /// Tells a cassette what the recipe does next: writes it down, or has it compared.
    func decide(_ words: String) {
        track?.note(.decision(words))
        wires.decisions?.enqueue(Array((words + "\n").utf8))
    }

    private func followDecisions() {
        console.onDecision = { [weak self] in self?.decide($0) }
        wires.decisions?.onBytes = { [weak self] bytes in
            guard let self, replayDifference == nil else { return }
            let text = String(decoding: bytes, as: UTF8.self)
            replayDifference = String(text.prefix { $0 != "\n" })
            child.signal(SIGKILL)
        }
    }

    isolated deinit {
        child.signal(SIGKILL)
        server?.close()
        console.transcript.close()
        folder.remove(keeping: !endedInOrder)
    }

    /// Whether nobody will want to read the transcript: messages may name it where a machine
    /// failed, was killed or was dropped while it ran.
    private var endedInOrder: Bool {
        switch exit?.cause {
        case .powerOff, .reboot, .stopped: true
        default: false
        }
    }

    /// Waits for the end.
    ///
    /// - Throws: ``MachineError`` where it still runs at the deadline, `CancellationError`.
    public func wait(until deadline: Deadline = .never) async throws -> MachineExit {
        let start = Deadline.now
        _ = try await changed.wait(until: deadline) { self.exit != nil }
        guard let exit else { throw error(.stillRuns(after: .now - start)) }
        return exit
    }

    /// Ends QEMU at once, as a power cut does. Not cancellable.
    @discardableResult
    public func kill() async -> MachineExit? {
        guard exit == nil else { return exit }
        killWithoutWaiting()
        let ended = LoopActor.task { _ = try? await self.wait(until: .after(.seconds(10))) }
        await ended.value
        return exit
    }

    /// Sends QEMU SIGKILL and does not wait for its end, for callers that cannot.
    public func killWithoutWaiting() {
        guard exit == nil else { return }
        if !wasKilled { decide("kill") }
        wasKilled = true
        child.signal(SIGKILL)
    }

    /// Whether it went on from a snapshot, or from the cache, rather than booted.
    public var wasRestored: Bool { files.state != nil }

    /// Whether QEMU itself runs, rather than a cassette.
    var wasNeverPlayed: Bool { wires.decisions == nil }

    /// In a few words, for the notes of errors.
    public var stateInWords: String { exit?.inWords ?? "the machine still runs" }

    /// An error about this machine, with everything that its reader needs.
    public func error(_ reason: MachineError.Reason) -> MachineError {
        MachineError(reason, context)
    }

    /// The error of a machine that has ended otherwise than well; nil where all is well so far.
    public var failure: MachineError? {
        if let replayDifference { return error(.replayDiffers(replayDifference)) }
        return exit.flatMap { $0.verdict == .ok ? nil : error(.ended($0)) }
    }

    var context: MachineError.Context {
        MachineError.Context(
            lastLines: console.transcript.lastLines(console.configuration.lastLines),
            consoleBytes: console.transcript.count, transcript: console.transcript.path,
            reproduce: reproduce,
            qemuWords: String(decoding: wires.words.bytes, as: UTF8.self),
            consoleIsNamed: consoleIsNamed)
    }

    private var consoleIsNamed: Bool {
        let append = configuration.append.withDefaults(for: configuration.arch)
        return !configuration.arch.consoleMustBeNamed
            || append.values(of: "console").contains {
                $0.hasPrefix(configuration.arch.consoleDevice)
            }
    }

    func reach(_ step: ShutdownStep) { shutdownStep = step }

    private func note(_ event: QMPEvent) {
        switch event.name {
        case "RESET": console.noteReset()
        case "STOP": checkStatus()
        case "VSERPORT_CHANGE" where event.data["open"] == false: commands?.agentLeft()
        default: break
        }
    }

    // Under a KVM that does not work, QEMU stops the guest and stays for ever.
    private func checkStatus() {
        LoopActor.task { [weak self] in
            guard let qmp = self?.qmp else { return }
            let status = try? await qmp.execute("query-status", until: .after(.seconds(5)))
            guard let self, status?["status"]?.text == "internal-error" else { return }
            hadInternalError = true
            child.signal(SIGKILL)
        }
    }

    private func watch() {
        LoopActor.task { [child, wires, weak self] in
            guard let process = try? await child.waitForExit(until: .never) else { return }
            await wires.drain(until: .after(Self.drainLimit))
            self?.end(process)
        }
    }

    private func end(_ process: ProcessExit) {
        // Also where somebody else still holds the socket: the guest is gone.
        console.end()
        commands?.end()
        let events = qmp.events
        let observations = MachineObservations(
            process: process,
            shutdownReason: events.last { $0.name == "SHUTDOWN" }?.data["reason"]?.text,
            guestPanicked: events.contains { $0.name == "GUEST_PANICKED" },
            hadInternalError: hadInternalError, shutdownStep: shutdownStep, wasKilled: wasKilled,
            crash: crash, panicWasExpected: panicWasExpected,
            lastLines: console.transcript.lastLines(60))
        switch process {
        case .exited(let status): track?.note(.ended(status))
        case .signalled(let number): track?.note(.ended(-number))
        }
        exit = MachineExit(
            cause: observations.cause, process: process,
            consoleBytes: console.transcript.count, elapsed: .now - started)
        wires.close()
        server?.close()
        changed.notify()
    }

    private var panicWasExpected: Bool {
        console.reports.contains { $0.isExpected && $0.events.contains { $0.kind == .panic } }
    }

    private var crash: CrashReport? {
        let fatal = console.configuration.fatal
        return console.reports.first { report in
            !report.isExpected && report.events.contains { fatal.contains($0.kind) }
        }
    }
}
