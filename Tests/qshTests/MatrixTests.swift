import SystemPackage
import Testing

@testable import QshRuntime

/// `scripts/matrix.lua`: the table of every architecture that the host can boot.
@Suite(.enabled(if: Command.locate("qemu-system-aarch64") != nil, "no qemu-system-aarch64 on PATH"))
struct MatrixTests {
    private func run(_ words: [String], qemu: String? = nil) async throws -> QshRun.Outcome {
        try await QshRun(["-q", "scripts/matrix.lua"] + words).with {
            $0.folder = QshRun.repository
            if let qemu { $0.environment["QSH_QEMU"] = qemu }
        }.finish()
    }

    @Test func bootsTwoAtOnceAndReadsDisksAndFiles() async throws {
        let run = try await run(["--arch", "x86_64,arm64", "--require", "arm64"])

        let lines = run.stdout.split(separator: "\n")
        try #require(lines.count == 4, "\(run.stdout)\(run.stderr)")
        #expect(lines[0].wholeMatch(of: /arch +verdict +prompt +kernel +note/) != nil)
        for (line, name, machine) in [(1, "x86_64", "x86_64"), (2, "arm64", "aarch64")] {
            let row = try Regex("\(name) +ok +\\d+\\.\\d s +\\d\\S+ +\(machine), disk, files")
            #expect(lines[line].wholeMatch(of: row) != nil, "\(run.stdout)")
        }
        #expect(lines[3] == "2 booted, 0 failed, 0 skipped")
        #expect(run.stderr == "")
        #expect(run.status == 0)
    }

    @Test func whatCannotBeBootedIsSkippedWithItsReason() async throws {
        let x86 = try #require(Command.locate("qemu-system-x86_64")).string

        let run = try await run(["--arch", "arm64,s390x"], qemu: x86)

        for name in ["arm64", "s390x"] {
            let reason = "machine of architecture \(name): `\(x86)` emulates x86_64\n"
            #expect(run.stdout.contains(reason), "\(run.stdout)")
        }
        #expect(run.stdout.hasSuffix("\n0 booted, 0 failed, 2 skipped\n"))
        #expect(run.status == 0)
    }

    @Test func whatIsRequiredMayNotBeSkipped() async throws {
        let x86 = try #require(Command.locate("qemu-system-x86_64")).string

        let run = try await run(["--arch", "arm64,s390x", "--require", "arm64"], qemu: x86)

        #expect(run.stdout.contains("\narm64      qemu-did-not-start "), "\(run.stdout)")
        #expect(run.stdout.hasSuffix("\n0 booted, 1 failed, 1 skipped\n"))
        #expect(run.stderr.hasPrefix("error: machine of architecture arm64: `\(x86)` emulates"))
        #expect(run.status == 69)
    }

    @Test func theWorstGivesTheExitCode() async throws {
        let run = try await run(["--arch", "x86_64", "--command", "exit 4"])

        #expect(run.stdout.hasSuffix("\n0 booted, 1 failed, 0 skipped\n"), "\(run.stdout)")
        #expect(run.stderr.hasPrefix("error: guest command `exit 4`: it ended with status 4\n"))
        #expect(run.status == 1)
    }

    @Test func aPanicThatWasAskedForIsNoFailure() async throws {
        let run = try await run(["--arch", "arm64", "--panic"])

        #expect(run.stdout.contains("\narm64      panic, as asked "), "\(run.stdout)")
        #expect(run.status == 0, "\(run.stderr)")
    }

    @Test func anUnknownNameIsRefusedWithTheNearest() async throws {
        let run = try await run(["--arch", "x86_64,risc64"])

        #expect(
            run.stderr == "error: scripts/matrix.lua: no architecture `risc64`; did you mean "
                + "`riscv64`?\n")
        #expect(run.stdout == "")
        #expect(run.status == 2)
    }
}

/// User-mode Linux, which needs no QEMU at all.
@Suite(.enabled(if: Arch.ofHost == .x86_64, "Debian has user-mode Linux for x86 hosts only"))
struct UserModeBootTests {
    @Test(arguments: [("", "ok"), ("--panic", "panic, as asked")])
    func bootsAndEnds(option: String, verdict: String) async throws {
        let words = ["-q", "scripts/matrix.lua", "--arch", "um"] + (option.isEmpty ? [] : [option])

        let run = try await QshRun(words).with {
            $0.folder = QshRun.repository
            $0.environment["QSH_QEMU"] = "/nowhere"
        }.finish()

        #expect(run.stdout.contains("\num         \(verdict) "), "\(run.stdout)\(run.stderr)")
        #expect(run.stdout.contains(" x86_64, disk, over the console\n"))
        #expect(run.status == 0)
    }
}
