import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// What breaks under a running recipe, at any moment of it: the recipe ends within its limits, with
/// the right verdict, and nothing stays behind.
@Suite(.serialized, .enabled(if: Guest.missing == nil, Guest.missing))
struct FaultTests {
    init() { TestLoop.start() }

    enum Fault: CaseIterable {
        case qemuKilled, consoleClosed, agentKilled, garbageOverQMP, flood, fullDisk

        /// What the recipe is to end with; nil where it is to go on.
        var verdicts: Set<Verdict?> {
            switch self {
            case .qemuKilled: [.qemuDied]
            case .consoleClosed, .agentKilled: [.recipeFailed]
            case .garbageOverQMP: [.qemuDied]
            // What is waited for may be cut by the flood.
            case .flood: [nil, .timeout]
            case .fullDisk: [nil]
            }
        }
    }

    private static let limit = Duration.seconds(60)
    /// Limit of each step of the recipe.
    private static let step = Duration.seconds(5)
    /// Two limits under TCG, the wait for the end, and the looks at the guest.
    private static let slowest = Duration.seconds(25)
    /// `QSH_FAULT_MOMENTS=200` for the long run.
    private static let moments =
        getenv("QSH_FAULT_MOMENTS").flatMap { Int(String(cString: $0)) } ?? 24

    @Test @LoopActor func aFaultAtAnyMomentEndsInItsVerdictAndLeavesNothing() async throws {
        var guest = try await Guest(hasAgent: true)
        guest.configuration.memory = ByteSize(bytes: 128 << 20)
        let machine = try await guest.boot()
        try await machine.console.expectPrompt()
        try await machine.commands?.waitUntilReady(until: .after(Self.limit))
        let base = try await machine.snapshot(until: .after(Self.limit))
        await machine.kill()
        var random = SeededRandom(seed: 5)
        // The first one makes what is made once.
        try await strike(.qemuKilled, base, after: .zero)
        let descriptors = Self.descriptors

        for number in 0..<Self.moments {
            let fault = Fault.allCases[number % Fault.allCases.count]
            try await strike(fault, base, after: .milliseconds(random.below(500)))
        }

        #expect(Self.descriptors <= descriptors)
        withExtendedLifetime(guest) {}
    }

    @LoopActor
    private func strike(
        _ fault: Fault, _ base: MachineSnapshot, after moment: Duration
    ) async throws {
        let folder = try TemporaryDirectory(prefix: "qsh-fault")
        defer { withExtendedLifetime(folder) {} }
        if fault == .fullDisk {
            for name in ["console.log", "console.timing"] {
                symlink("/dev/full", folder.path.appending(name).string)
            }
        }
        let machine = try await base.restore(transcript: folder.path)
        let run = Run(machine)
        run.start(step: Self.step)
        _ = try await run.changed.wait(until: .after(moment)) { run.hasEnded }
        #expect(!run.hasEnded, "\(fault) after \(moment): \(run.words)")

        let struck = Deadline.now
        strike(fault, machine)
        if fault.verdicts.contains(nil) {
            _ = try await run.changed.wait(until: .after(.seconds(1))) { run.hasEnded }
            run.isToStop = true
        }
        let inTime = try await run.changed.wait(until: .after(Self.slowest)) { run.hasEnded }

        #expect(inTime, "\(fault) after \(moment) hangs")
        #expect(
            fault.verdicts.contains(run.verdict),
            "\(fault) after \(moment), \(Deadline.now - struck): \(run.words)")
        if fault == .fullDisk { #expect(machine.console.transcript.finding != nil) }
        let pid = machine.pid
        await machine.kill()
        #expect(kill(pid, 0) == -1 && errno == ESRCH, "\(fault) after \(moment)")
    }

    @LoopActor private func strike(_ fault: Fault, _ machine: Machine) {
        switch fault {
        case .qemuKilled: kill(machine.pid, SIGKILL)
        case .consoleClosed: machine.wires.serial.breakDown()
        case .agentKilled:
            guard let agent = machine.commands?.agent?.processID else { return }
            run("kill -9 \(agent)", on: machine)
        case .garbageOverQMP:
            Array("\u{1}garbage }{ \n".utf8).withUnsafeBytes { machine.wires.qmp.onBytes?($0) }
        case .flood: run("yes flood >/dev/ttyS0 & sleep 20; kill $!", on: machine)
        case .fullDisk: break
        }
    }

    @LoopActor private func run(_ line: String, on machine: Machine) {
        LoopActor.task {
            _ = try? await machine.commands?.execute(
                GuestCommand(.shell(line)), until: .after(Self.step))
        }
    }

    private static var descriptors: Int {
        guard let stream = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(stream) }
        var count = 0
        while readdir(stream) != nil { count += 1 }
        return count
    }
}

/// A recipe that uses everything, again and again, until it fails or is stopped.
@LoopActor private final class Run {
    let machine: Machine
    let changed = Broadcast()
    var isToStop = false
    private(set) var hasEnded = false
    private(set) var verdict: Verdict?
    private(set) var words = ""

    init(_ machine: Machine) { self.machine = machine }

    func start(step: Duration) {
        LoopActor.task {
            do {
                while !self.isToStop { try await self.round(step) }
            } catch {
                let shown = await self.machine.explanation(of: error)
                let diagnostic = (shown as? any DiagnosticError)?.diagnostic
                self.verdict = diagnostic?.verdict
                self.words = diagnostic?.message ?? "\(shown)"
            }
            self.hasEnded = true
            self.changed.notify()
        }
    }

    private func round(_ step: Duration) async throws {
        let limits = ExpectLimits(total: step)
        let status = try await machine.qmp.execute("query-status", until: .after(step))
        #expect(status["running"] == true)
        try await machine.console.sendline("echo con$((40 + 2))")
        _ = try await machine.console.expect("con42\n", limits: limits)
        _ = try await machine.console.expect("]# ", limits: limits)
        guard let commands = machine.commands else { return }
        let result = try await commands.execute(
            GuestCommand(.shell("echo $((6 * 7))")), until: .after(step))
        #expect(result.stdout == Array("42\n".utf8))
        let bytes = [UInt8](repeating: 0x61, count: 20_000)
        try await commands.copyIn("/tmp/file", from: .bytes(bytes), until: .after(step))
    }
}

extension ByteChannel {
    /// Ends both directions under whoever uses them.
    fileprivate func breakDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
