import CLinux
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// Drives a real shell on a pseudo-terminal of `script`, echo included.
@Suite(.enabled(if: Command.locate("script") != nil, "needs script(1) of util-linux"))
struct ConsoleShellTests {
    init() { TestLoop.start() }

    @LoopActor
    private func withShell(
        _ program: String, _ body: @LoopActor (ConsoleShell, Console) async throws -> Void
    ) async throws {
        let (channel, peer) = try ByteChannel.pair()
        let command = Command(["script", "-qfc", program, "/dev/null"])
        let child = try ChildProcess.spawn(command, descriptors: [0: peer, 1: peer, 2: peer])
        close(peer)
        let console = Console(transcript: Transcript())
        console.attach(channel)
        _ = try await console.expect(
            [.literal("# "), .literal("$ ")], limits: ExpectLimits(total: .seconds(20)))
        try await body(ConsoleShell(console), console)
        _ = child
    }

    @Test @LoopActor func givesExactBytesAndTheExitCode() async throws {
        try await withShell("sh -i") { shell, _ in
            let command = "printf 'a\\r\\n\\000\\377\\033[6n%s' \"it's\"; echo oops >&2; exit 7"
            let result = try await shell.execute(command)

            #expect(result.code == 7)
            #expect(result.stdout == Array("a\r\n".utf8) + [0, 0xFF] + Array("\u{1B}[6nit's".utf8))
            #expect(result.stderr.text == "oops\n")
        }
    }

    @Test @LoopActor func runsOneCommandAfterAnother() async throws {
        try await withShell("sh -i") { shell, console in
            for number in 0..<5 {
                let result = try await shell.execute("echo \(number); exit \(number)")
                #expect(result.stdout.text == "\(number)\n")
                #expect(result.code == Int32(number))
            }
            let long = String(repeating: "# a comment that makes it long\n", count: 100)
            #expect(try await shell.execute(long + "echo end").stdout.text == "end\n")
            #expect(try await shell.execute("kill -9 $$").code == 137)
            _ = console
        }
    }

    @Test @LoopActor func doesWithoutBase64() async throws {
        // A PATH in which there is nothing but a shell.
        let folder = "/tmp/qsh-test-bin-\(UInt64.random(in: 0...UInt64.max))"
        mkdir(folder, 0o700)
        let shell = Command.locate("sh")?.string ?? "/bin/sh"
        symlink(shell, folder + "/sh")
        defer {
            unlink(folder + "/sh")
            rmdir(folder)
        }
        try await withShell("PATH=\(folder) sh -i") { shell, _ in
            let result = try await shell.execute("echo \"it's\"\necho two >&2\nexit 3")

            #expect(result == GuestResult(code: 3, stdout: Array("it's\ntwo\n".utf8)))
        }
    }

    @Test func base64RoundTrip() {
        var random = SeededRandom(seed: 64)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8(random.below(256)) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes, "seed 64, length \(length)")
        }
        #expect(Base64.encode(Array("fooba".utf8)).text == "Zm9vYmE=")
        for bad in ["Zg", "Zg=", "Zm9=v", "Z!==", "Zh=", "====="] {
            #expect(Base64.decode(Array(bad.utf8)) == nil, "\(bad)")
        }
    }
}
