import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// `qsh ps`, `attach` and `kill` beside a qsh that owns a machine.
@Suite(.serialized) struct AttachTests {
    init() { TestLoop.start() }

    private static let recipe = """
        local m <close> = qsh.machine.boot {
          name = "web", kernel = qsh.kernel.find(), accel = "tcg",
          initramfs = qsh.initramfs.new { busybox = true },
        }
        m.console:expect("[rootfs ]#")
        print(select(2, m:try_wait { timeout = 60 }).message)
        """

    /// Run folders of this test alone.
    private static func environment(_ folder: ScratchFolder) -> [String: String?] {
        ["XDG_RUNTIME_DIR": folder.path.string, "NO_COLOR": "1"]
    }

    @LoopActor
    private static func attach(_ folder: ScratchFolder) throws -> (TestTerminal, ChildProcess) {
        let terminal = try TestTerminal()
        let child = try ChildProcess.spawn(
            Command([QshRun.binary.string, "attach", "web"], environment: environment(folder)),
            descriptors: [0: terminal.slave, 1: terminal.slave, 2: terminal.slave])
        return (terminal, child)
    }

    @Test @LoopActor func twoTerminalsShareAMachineUntilItIsKilled() async throws {
        let folder = try ScratchFolder()
        let variables = Self.environment(folder)
        let owner = LoopActor.task {
            let run = try? await QshRun(recipe: Self.recipe).with { $0.environment = variables }
                .finish()
            let said = run?.stdout ?? "nothing"
            #expect(said.contains("told to end by another program"), "\(said)")
        }
        let listing = QshRun("ps", "--json").with { $0.environment = variables }
        // The machine's folder appears while it boots.
        let deadline = Deadline.after(.seconds(60))
        var listed = ""
        while !listed.contains("\"name\":\"web\""), !deadline.hasPassed {
            listed = try await listing.finish().stdout
        }
        #expect(listed.contains("qemu-system-x86_64"), "\(listed)")

        let (first, firstChild) = try Self.attach(folder)
        let (second, secondChild) = try Self.attach(folder)
        #expect(try await first.waitToShow("[rootfs ]#", limit: .seconds(60)))
        #expect(try await second.waitToShow("[rootfs ]#", limit: .seconds(60)))
        first.type("echo a$((40 + 2))b\r")
        #expect(try await first.waitToShow("a42b", limit: .seconds(30)))
        #expect(try await second.waitToShow("a42b", limit: .seconds(30)))

        second.type("\u{1D}.")
        let left = try await secondChild.waitForExit(until: .after(.seconds(10)))
        #expect(left == .exited(0))
        #expect(second.isCooked)
        #expect(second.text.contains("left `web`, which goes on"))

        let kill = try await QshRun("kill", "web").with { $0.environment = variables }.finish()
        #expect(kill.stderr.hasPrefix("qsh: killed web-"), "\(kill.stderr)")
        #expect(try await firstChild.waitForExit(until: .after(.seconds(10))) == .exited(0))
        #expect(first.text.contains("`web` has ended"))
        #expect(first.isCooked)
        await owner.value
    }

    @Test func namesWhatIsMissing() async throws {
        let folder = try ScratchFolder()
        let variables = Self.environment(folder)
        let attach = try await QshRun("attach", "web").with { $0.environment = variables }.finish()
        let kill = try await QshRun("kill", "--all").with { $0.environment = variables }.finish()
        let unnamed = try await QshRun("kill").finish()

        #expect(attach.stderr == "error: no machine `web` runs\n")
        #expect(attach.status == 2)
        #expect(kill.stderr == "qsh: no machine runs\n")
        #expect(kill.status == 0)
        #expect(
            unnamed.stderr == "error: name a machine, or give --all\n"
                + "  hint: `qsh kill --help` lists the options\n")
    }
}
