import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// The real agent and the real channel, without a guest between them.
@Suite struct CommandChannelTests {
    init() { TestLoop.start() }

    private static var soon: Deadline { .after(.seconds(20)) }

    @LoopActor
    private func run(_ text: String, input: GuestInput = .none) async throws -> GuestResult {
        let agent = try HostAgent()
        defer { agent.stop() }
        return try await agent.channel.execute(
            GuestCommand(.shell(text), input: input), until: Self.soon)
    }

    @Test @LoopActor func agentIntroducesItself() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        try await agent.channel.waitUntilConnected(until: Self.soon)
        let info = try #require(agent.channel.agent)

        var names = utsname()
        uname(&names)
        let release = withUnsafeBytes(of: names.release) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        #expect(info.kernelRelease == release)
        #expect(info.protocolVersion == 1)
        #expect(info.pageSize == Int(getpagesize()))
    }

    @Test(arguments: [0, 1, 7, 127, 255]) @LoopActor
    func exitCodeComesBack(code: Int32) async throws {
        #expect(try await run("exit \(code)") == GuestResult(code: code))
    }

    @Test(arguments: [SIGKILL, SIGTERM, SIGPIPE, SIGUSR1]) @LoopActor
    func signalComesBack(signal: Int32) async throws {
        #expect(try await run("kill -\(signal) $$") == GuestResult(signal: signal))
    }

    @Test @LoopActor func megabytesComeBackExactOnBothOutputs() async throws {
        let bytes = randomBytes(3_000_000, seed: 11)
        let result = try await run("exec tee /dev/stderr", input: .bytes(bytes))

        #expect(result.code == 0)
        #expect(result.stdout == bytes)
        #expect(result.stderr == bytes)
    }

    @Test @LoopActor func outputsStayApart() async throws {
        let result = try await run("echo one; echo two >&2; printf 'a\\000b\\377'")

        #expect(result.stdout == Array("one\na".utf8) + [0, 0x62, 0xff])
        #expect(result.stderr == Array("two\n".utf8))
    }

    @Test @LoopActor func inputOfASourceIsPulledPieceByPiece() async throws {
        var sent = 0
        let result = try await run(
            "wc -c",
            input: .source {
                sent += 1
                return sent > 300
                    ? [] : Array(repeating: UInt8(truncatingIfNeeded: sent), count: 9_999)
            })

        #expect(result.stdout == Array("2999700\n".utf8))
    }

    @Test @LoopActor func commandThatIgnoresItsInputEnds() async throws {
        let result = try await run("exit 4", input: .bytes(randomBytes(2_000_000, seed: 5)))
        #expect(result == GuestResult(code: 4))
    }

    @Test @LoopActor func backgroundProcessDoesNotHoldTheAnswerBack() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        let started = Deadline.now
        let late = "/tmp/qsh-test-late-\(getpid())"
        defer { unlink(late) }
        // It becomes `sleep 60` after having written something that nobody waits for.
        let background = "until [ -e \(late) ]; do sleep 0.02; done; echo late; exec sleep 60"
        let result = try await agent.channel.execute(
            GuestCommand(.shell("(\(background)) & echo $!")), until: Self.soon)
        #expect(Deadline.now - started < .seconds(15))

        let text = String(decoding: result.stdout, as: UTF8.self)
        let process = try #require(pid_t(text.prefix { $0.isNumber }))
        let probe = GuestCommand(
            .shell("touch \(late); until grep -q sleep /proc/\(process)/comm; do sleep 0.02; done"))
        #expect(try await agent.channel.execute(probe, until: Self.soon).succeeded)
        kill(process, SIGKILL)
    }

    @Test @LoopActor func manyRunAtOnce() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        var codes: [Int32: Int32] = [:]
        let tasks = (0..<120).map { number in
            LoopActor.task {
                let command = GuestCommand(.shell("sleep 0.1; echo \(number); exit \(number)"))
                let result = try? await agent.channel.execute(command, until: Self.soon)
                if result?.stdout == Array("\(number)\n".utf8) {
                    codes[Int32(number)] = result?.code
                }
            }
        }
        for task in tasks { await task.value }

        #expect(codes.count == 120)
        #expect(codes.allSatisfy { $0 == $1 })
    }

    @Test @LoopActor func moreThanTheAgentHoldsAreRefused() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        var running: [GuestProcess] = []
        for _ in 0..<192 {
            let process = try await agent.channel.start(
                GuestCommand(.arguments(["sleep", "100"])), until: Self.soon)
            running.append(process)
        }
        await #expect(
            throws: GuestAgentError.refused(
                action: "starting `true`", .resourceTemporarilyUnavailable)
        ) {
            try await agent.channel.execute(GuestCommand(.shell("true")), until: Self.soon)
        }
        for process in running { process.cancel() }
        // The children are killed at once and reaped a moment later.
        var answer: GuestResult?
        let limit = Self.soon
        while answer == nil, !limit.hasPassed {
            answer = try? await agent.channel.execute(
                GuestCommand(.shell("exit 5")), until: Self.soon)
        }
        #expect(answer == GuestResult(code: 5))
    }

    @Test @LoopActor func aSignalReachesTheWholeGroup() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        let process = try await agent.channel.start(
            GuestCommand(.shell("sleep 100 & wait")), until: Self.soon)
        // Only once the shell has started its child is the group complete.
        try await agent.channel.ping(until: Self.soon)
        process.send(signal: SIGTERM)

        #expect(try await process.finish(until: Self.soon) == GuestResult(signal: SIGTERM))
    }

    @Test @LoopActor func timeoutKillsAndTellsTheLastLines() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        let command = GuestCommand(.shell("echo $$; echo waiting; sleep 100"))
        var caught: GuestAgentError?
        do {
            _ = try await agent.channel.execute(command, until: .after(.seconds(2)))
        } catch let error as GuestAgentError { caught = error }

        guard case .timedOut(_, _, let tail) = caught else {
            Issue.record("expected a time-out, got \(String(describing: caught))")
            return
        }
        let lines = tail.split(separator: "\n")
        #expect(lines.last == "waiting")
        let shell = try #require(lines.first)
        let gone = GuestCommand(.shell("while kill -0 \(shell) 2>&-; do sleep 0.01; done"))
        #expect(try await agent.channel.execute(gone, until: Self.soon).succeeded)
    }

    @Test @LoopActor func cancelledTaskKillsItsCommand() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        var caught: (any Error)?
        var shell = ""
        let said = Broadcast()
        let task = LoopActor.task {
            let command = GuestCommand(
                .shell("echo $$; sleep 100"),
                onOutput: { _, bytes in
                    shell += String(decoding: bytes, as: UTF8.self)
                    said.notify()
                })
            do {
                _ = try await agent.channel.execute(command, until: .never)
            } catch { caught = error }
        }
        _ = try await said.wait(until: Self.soon) { shell.hasSuffix("\n") }
        task.cancel()
        await task.value

        #expect(caught is CancellationError)
        let gone = GuestCommand(
            .shell("while kill -0 \(shell.dropLast()) 2>&-; do sleep 0.01; done"))
        #expect(try await agent.channel.execute(gone, until: Self.soon).succeeded)
    }

    @Test @LoopActor func environmentAndDirectoryAreAsAsked() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        let command = GuestCommand(
            .arguments(["sh", "-c", "pwd; echo \"$COLOUR $HOME $PATH\"; env | wc -l"]),
            environment: ["COLOUR": "blue = green", "HOME": "/nowhere"],
            workingDirectory: "/usr/bin")
        let result = try await agent.channel.execute(command, until: Self.soon)

        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let lines = String(decoding: result.stdout, as: UTF8.self).split(separator: "\n")
        #expect(lines.prefix(2) == ["/usr/bin", "blue = green /nowhere \(path)"])
    }

    @Test @LoopActor func childrenInheritNothingOfTheAgents() async throws {
        // The last is the folder that ls itself reads.
        let result = try await run("exec ls /proc/self/fd")
        #expect(result.stdout == Array("0\n1\n2\n3\n".utf8))
        let masks = try await run("grep -E 'Sig(Blk|Ign)' /proc/self/status")
        #expect(
            String(decoding: masks.stdout, as: UTF8.self)
                == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n")
    }

    @Test @LoopActor func receiverSlowsTheCommandDown() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        var received = 0
        var largest = 0
        let command = GuestCommand(
            .shell("head -c 20000000 /dev/zero"),
            onOutput: { _, bytes in
                received += bytes.count
                largest = max(largest, bytes.count)
                // Leaves the loop, so that everything allowed to come in does come in.
                await Task.yield()
            })
        let result = try await agent.channel.execute(command, until: Self.soon)

        #expect(received == 20_000_000)
        #expect(largest <= 128 * 1024)
        #expect(result == GuestResult(code: 0))
    }

    @Test @LoopActor func tooMuchOutputIsAnError() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        let command = GuestCommand(.shell("yes"), outputLimit: 1000)
        await #expect(throws: GuestAgentError.outputTooLong(command: "yes", limit: 1000)) {
            try await agent.channel.execute(command, until: Self.soon)
        }
        #expect(
            try await agent.channel.execute(
                GuestCommand(.shell("exit 3")), until: Self.soon
            ).code == 3)
    }

    @Test @LoopActor func hugeArgumentArrivesAndALargerOneIsRefused() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        let text = String(repeating: "x", count: 120_000)
        let good = GuestCommand(.arguments(["printf", "%s", text]))
        #expect(try await agent.channel.execute(good, until: Self.soon).stdout == Array(text.utf8))
        let bad = GuestCommand(.arguments(["printf", text + text]))
        await #expect(throws: GuestAgentError.self) {
            try await agent.channel.execute(bad, until: Self.soon)
        }
    }
}
