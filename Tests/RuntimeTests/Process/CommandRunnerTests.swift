import Glibc
import QshRuntime
import SystemPackage
import Testing
import TestSupport

@Suite struct CommandRunnerTests {
    init() { TestLoop.start() }

    @LoopActor
    private func shell(_ script: String, limit: Duration = .seconds(20)) async throws
        -> CommandResult
    {
        try await CommandRunner.run(Command(["sh", "-c", script]), until: .after(limit))
    }

    @Test @LoopActor func keepsTheStreamsApart() async throws {
        let result = try await shell("echo out; echo err >&2; exit 3")

        #expect(result.code == 3)
        #expect(result.outputText == "out")
        #expect(result.errorText == "err")
    }

    @Test @LoopActor func tellsTheSignal() async throws {
        let result = try await shell("kill -USR1 $$")

        #expect(result.code == nil)
        #expect(result.signal == SIGUSR1)
    }

    @Test @LoopActor func passesInputAndMegabytesThrough() async throws {
        let input = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

        let result = try await CommandRunner.run(
            Command(["cat"]), input: input, until: .after(.seconds(20)))

        #expect(result.stdout == input)
    }

    @Test @LoopActor func killsTheWholeGroupAtTheDeadline() async throws {
        let start = Deadline.now

        let result = try await shell("sleep 100 & sleep 100", limit: .milliseconds(200))

        #expect(result.timedOut)
        #expect(result.code == 124)
        #expect(Deadline.now - start < .seconds(10))
    }

    @Test @LoopActor func dropsOutputBeyondTheLimit() async throws {
        let result = try await CommandRunner.run(
            Command(["sh", "-c", "yes | head -c 1000000"]), outputLimit: 1000,
            until: .after(.seconds(20)))

        #expect(result.stdout.count == 1000)
        #expect(result.isTruncated)
    }

    @Test @LoopActor func namesAMissingProgram() async throws {
        let error = await #expect(throws: ProcessError.self) {
            try await CommandRunner.run(Command(["qsh-no-such-program"]), until: .never)
        }

        #expect(
            error?.diagnostic.message == "cannot run `qsh-no-such-program`: not found on PATH")
    }

    @Test @LoopActor func aTextFileWithoutInterpreterIsRefused() async throws {
        let error = await #expect(throws: ProcessError.self) {
            try await CommandRunner.run(Command(["/etc/passwd"]), until: .never)
        }

        #expect(error?.diagnostic.message == "cannot run `/etc/passwd`: permission denied")
    }

    @Test @LoopActor func setsFolderAndEnvironment() async throws {
        let command = Command(
            ["sh", "-c", "pwd; echo $QSH_TEST; echo ${HOME-none}"],
            environment: ["QSH_TEST": "a b", "HOME": nil], workingDirectory: "/usr")

        let result = try await CommandRunner.run(command, until: .after(.seconds(20)))

        #expect(result.outputText == "/usr\na b\nnone")
    }

    @Test @LoopActor func theChildSeesItsDescriptorsOnly() async throws {
        let result = try await shell("ls /proc/self/fd")

        // The three streams, and the folder that `ls` reads.
        #expect(result.outputText == "0\n1\n2\n3")
    }

    @Test @LoopActor func twoHundredChildrenLeaveNothingBehind() async throws {
        let before = openDescriptors()

        for _ in 0..<200 { _ = try await CommandRunner.run(Command(["true"]), until: .never) }

        #expect(openDescriptors() <= before + 8)
        #expect(waitpid(-1, nil, WNOHANG) <= 0)
    }

    @Test @LoopActor func stopEndsAChildThatIgnoresSIGTERM() async throws {
        let child = try ChildProcess.spawn(Command(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]))

        await child.stop(grace: .milliseconds(50))

        #expect(child.exit == .signalled(SIGKILL))
    }

    @Test(arguments: [
        ("plain", "plain"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#),
        ("$HOME", "'$HOME'"), ("console=ttyS0", "console=ttyS0"), ("a\nb", "'a\nb'"),
    ])
    func quotesForAShell(word: String, quoted: String) {
        #expect(Command.shellQuoted(word) == quoted)
    }
}

private func openDescriptors() -> Int {
    var count = 0
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    while readdir(folder) != nil { count += 1 }
    closedir(folder)
    return count
}
