import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// Images and logs that come through pipes.
@Suite struct PipeInputTests {
    private static let vector = "Tests/Fixtures/vectors/004-two-archives.bin"

    @Test func anImageComesThroughAPipe() async throws {
        let run = try await QshRun.shell(
            """
            set -e
            folder=$(mktemp -d)
            trap 'rm -r "$folder"' EXIT
            "$QSH" inspect \(Self.vector) >"$folder/expected"
            cat \(Self.vector) | "$QSH" inspect - | cmp - "$folder/expected"
            mkfifo "$folder/fifo"
            cat \(Self.vector) >"$folder/fifo" &
            "$QSH" inspect "$folder/fifo" | cmp - "$folder/expected"
            "$QSH" diff - \(Self.vector) <\(Self.vector)
            "$QSH" inspect --list - </dev/null
            """)
        #expect(run.stderr == "qsh: `-`: error at 0: the image holds no entries\n")
        #expect(run.stdout == "")
        #expect(run.status == 1)
    }

    @Test(arguments: ["inspect", "lint", "extract", "triage", "check"])
    @LoopActor func aWaitForInputIsInterrupted(_ command: String) async throws {
        TestLoop.start()
        let (input, peer) = try ByteChannel.pair()
        defer { input.close() }
        let child = try ChildProcess.spawn(
            Command([QshRun.binary.string, command, "-"]), descriptors: [0: peer])
        close(peer)
        // It is there when it reads, which nothing tells: the signal comes again until it is met.
        let limit = Deadline.after(.seconds(10))
        var exit: ProcessExit?
        while exit == nil, !limit.hasPassed {
            exit = try await child.waitForExit(until: .after(.milliseconds(200)))
            if exit == nil { kill(child.pid, SIGINT) }
        }
        #expect(exit == .exited(130) || exit == .signalled(SIGINT))
    }
}
