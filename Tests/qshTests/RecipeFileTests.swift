import SystemPackage
import Testing

@testable import QshRuntime

/// Every recipe in `scripts`, run by the real binary as the README says.
@Suite(.enabled(if: Command.locate("qemu-system-x86_64") != nil, "no qemu-system-x86_64 on PATH"))
struct RecipeFileTests {
    private func run(_ words: String...) async throws -> QshRun.Outcome {
        try await QshRun(words).with { $0.folder = QshRun.repository }.finish()
    }

    @Test func helloPrintsTheKernelsName() async throws {
        let run = try await run("scripts/hello.lua")

        #expect(run.stdout.wholeMatch(of: /Linux \d+\.\d+\S*\n+/) != nil, "\(run.stdout)")
        #expect(run.status == 0, "\(run.stderr)")
    }

    @Test func helloStaysSmall() throws {
        let text = try #require(
            DocumentFile.text(QshRun.repository.appending("scripts/hello.lua")))

        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 16)
    }

    @Test func bootRunsACommandAndPassesItsStatusOn() async throws {
        let run = try await run(
            "-q", "scripts/boot.lua", "--command", "uname -s; echo no >&2; exit 3")

        #expect(run.stdout == "Linux\n")
        #expect(run.stderr == "no\n")
        #expect(run.status == 3)
    }

    @Test func bootWithoutATerminalPrintsTheTranscript() async throws {
        let run = try await run("-q", "scripts/boot.lua")

        #expect(run.stdout.contains("Linux version"))
        #expect(run.stdout.contains("[rootfs ]# "))
        #expect(run.stdout.contains("reboot: Power down"))
        #expect(!run.stdout.contains("\u{1B}"), "escape sequences reach a pipe")
        #expect(run.stderr == "")
        #expect(run.status == 0)
    }

    @Test func bootTellsItsOptions() async throws {
        let run = try await run("scripts/boot.lua", "--help")

        #expect(run.stdout.hasPrefix("usage: qsh scripts/boot.lua [options]\n\nBoots a Linux"))
        for option in ["kernel FILE", "memory SIZE", "append WORDS", "accel NAME", "command "] {
            #expect(run.stdout.contains("\n  --\(option)"))
        }
        #expect(run.stderr == "")
        #expect(run.status == 0)
    }

    @Test(arguments: [
        (
            ["--memroy", "1G"],
            "error: scripts/boot.lua: unknown option `--memroy`; did you mean `--memory`?\n"
        ),
        (["--xyzzyx"], "error: scripts/boot.lua: unknown option `--xyzzyx`; see --help\n"),
        (["what"], "error: scripts/boot.lua: unexpected argument `what`; see --help\n"),
    ])
    func bootRefusesWrongUsage(words: [String], message: String) async throws {
        let run = try await QshRun(["scripts/boot.lua"] + words)
            .with { $0.folder = QshRun.repository }.finish()

        #expect(run.stderr == message)
        #expect(run.stdout == "")
        #expect(run.status == 2)
    }

    /// The tasks run at once: the second machine is started while the first still runs, seen by
    /// the order of what they do and not by a clock.
    @Test func twoMachinesRunAtOnce() async throws {
        let recipe = """
            local boot, running, most = qsh.machine.boot, 0, 0
            qsh.machine.boot = function(options)
              local machine = boot(options)
              running = running + 1
              most = math.max(most, running)
              qsh.task.spawn(function()
                machine:try_wait()
                running = running - 1
              end)
              return machine
            end
            dofile("scripts/two-machines.lua")
            io.stderr:write("at once: ", most, "\\n")
            """

        let run = try await QshRun("-q", "-e", recipe)
            .with { $0.folder = QshRun.repository }.finish()

        let lines = /first: up after \d+\.\d+ s\nsecond: up after \d+\.\d+ s\n/
        #expect(run.stdout.wholeMatch(of: lines) != nil, "\(run.stdout)")
        #expect(run.stderr == "at once: 2\n")
        #expect(run.status == 0)
    }

    @Test func everyRecipeHasATestHere() throws {
        let scripts = FileTree.names(in: QshRun.repository.appending("scripts"))
            .filter { $0.hasSuffix(".lua") }

        // Those of real roots and of kernels have suites of their own.
        let own = scripts.filter {
            !RealRootTests.recipes.contains($0) && !KernelRecipeTests.recipes.contains($0)
        }
        #expect(own.sorted() == ["boot.lua", "hello.lua", "matrix.lua", "two-machines.lua"])
    }
}
