import Glibc
import SystemPackage

/// What is needed to start QEMU, once or again with another accelerator.
@LoopActor
struct MachineLaunch {
    let configuration: MachineConfiguration
    let root: InitramfsTree?
    let name: String
    let qemu: FilePath
    let runs: RunDirectoryBase
    let console: ConsoleConfiguration
    /// The recorded machine that is played in QEMU's place.
    var played: PlayedMachine?
    /// What it goes on from; nil for a machine that boots.
    var snapshot: MachineSnapshot?

    /// QEMU answers in 65 ms; a host under load, or one that must allocate much memory, later.
    static let handshakeLimit: Duration = .seconds(30)
    /// How many run folders of earlier failures stay for their readers.
    static let keptFolders = 8

    func start(
        _ choice: Accelerator.Choice, _ onConsole: @LoopActor (Console) -> Void
    ) async throws -> Machine {
        let wires: MachineWires
        do throws(Errno) {
            wires = try MachineWires(
                hasAgent: configuration.hasCommandChannel, links: configuration.links,
                isReplay: played != nil)
        } catch {
            throw MachineError(.noSockets(error))
        }
        runs.removeKept(beyond: Self.keptFolders)
        let folder = try RunDirectory.create(machine: name, base: runs)
        let transcript = Transcript(folder: configuration.transcript ?? folder.path)
        var settings = console
        let parameters = configuration.append.withDefaults(for: configuration.arch)
        settings.showsLevels =
            configuration.kernel != nil && parameters.value(of: "console_msg_format") == "syslog"
        let console = Console(configuration: settings, transcript: transcript)
        onConsole(console)
        snapshot?.console.withUnsafeBytes { console.receive($0) }
        do {
            return try await start(choice, wires, folder, console)
        } catch {
            // An error about the machine names what is in the folder.
            folder.remove(
                keeping: error is MachineError
                    && (root != nil || configuration.overlay != nil || transcript.count > 0))
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
        } else if let overlay = configuration.overlay, let below = configuration.initramfs {
            let image = folder.path.appending("initramfs.img")
            try await overlay.write(to: image, over: below)
            configuration.initramfs = image
        }
        configuration.overlay = nil
        let pasted = command(configuration, choice, .terminal)
        let reproduce = played?.boot.command ?? pasted.shellQuoted
        try folder.record(pasted)
        let track = record(wires, choice, reproduce)
        // What is played needs no file of the machine that was recorded.
        let files =
            played == nil ? try InheritedFiles(configuration, snapshot) : InheritedFiles()
        let child = try ChildProcess.spawn(
            played?.command
                ?? command(files.replacing(in: configuration), choice, wires.wiring(files)),
            descriptors: wires.descriptors(hasQMP: !configuration.arch.isUserMode)
                .merging(files.descriptors) { $1 })
        wires.closePeers()
        try folder.record(pid: child.pid)
        var source = self
        source.snapshot = nil
        let machine = Machine(
            configuration, choice, console: console, wires: wires, child: child, folder: folder,
            reproduce: reproduce, source: source, files: files, track: track)
        if !configuration.arch.isUserMode { try await greet(machine) }
        return machine
    }

    /// Begins the machine's part of the cassette, where one is recorded.
    private func record(
        _ wires: MachineWires, _ choice: Accelerator.Choice, _ reproduce: String
    ) -> CassetteTrack? {
        guard case .record(let recorder)? = Cassette.mode else { return nil }
        let track = recorder.track(
            CassetteBoot(
                command: reproduce, accelerator: choice.accelerator,
                hasAgent: configuration.hasCommandChannel))
        wires.record(track)
        return track
    }

    private func command(
        _ configuration: MachineConfiguration, _ choice: Accelerator.Choice,
        _ wiring: QEMUArguments.Wiring
    ) -> Command {
        let arguments =
            configuration.arch.isUserMode
            ? UserModeArguments(configuration, wiring).arguments
            : QEMUArguments(configuration, on: choice.accelerator, wiring).arguments
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
