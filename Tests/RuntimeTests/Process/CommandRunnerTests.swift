import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

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

    @Test @LoopActor func programsCanOpenTheirStreamsByName() async throws {
        let result = try await CommandRunner.run(
            Command(["sh", "-c", "cat /dev/stdin > /dev/stdout; echo x > /dev/stderr"]),
            input: Array("given".utf8), until: .after(.seconds(20)))

        #expect(result.outputText == "given")
        #expect(result.errorText == "x")
    }

    @Test @LoopActor func aCommandNeedNotReadItsInput() async throws {
        let result = try await CommandRunner.run(
            Command(["true"]), input: [UInt8](repeating: 65, count: 1 << 20),
            until: .after(.seconds(20)))

        #expect(result.succeeded)
    }

    @Test @LoopActor func cancellingEndsTheWholeGroup() async throws {
        let fifo = try ScratchFolder()
        let path = fifo.path.appending("alive").string
        mkfifo(path, 0o600)
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        let channel = ByteChannel(descriptor: reader)
        var lines: [UInt8] = []
        let changed = Broadcast()
        channel.onBytes = {
            lines.append(contentsOf: $0)
            changed.notify()
        }
        channel.onEnd = { _ in changed.notify() }
        var caught: (any Error)?
        let task = LoopActor.task {
            do {
                _ = try await self.shell("exec >\(path); echo up; sleep 100 & sleep 100; true")
            } catch {
                caught = error
            }
        }
        _ = try await changed.wait(until: .after(.seconds(10))) { !lines.isEmpty }

        task.cancel()
        await task.value

        #expect(caught is CancellationError)
        #expect(try await changed.wait(until: .after(.seconds(5))) { channel.hasEnded })
    }
}
