import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

@Suite struct ProcessErrorTests {
    init() { TestLoop.start() }

    @LoopActor
    private func error(_ command: Command) -> String? {
        do throws(ProcessError) {
            _ = try ChildProcess.spawn(command)
            return nil
        } catch {
            return error.diagnostic.message
        }
    }

    @Test @LoopActor func namesAMissingProgram() {
        #expect(
            error(Command(["qsh-no-such-program"]))
                == "cannot run `qsh-no-such-program`: not found on PATH")
        #expect(error(Command([])) == "cannot run ``: not found on PATH")
        #expect(
            error(Command(["sh"], environment: ["PATH": "/nowhere"]))
                == "cannot run `sh`: not found on PATH")
    }

    @Test @LoopActor func namesAMissingFile() {
        #expect(
            error(Command(["/no/such/program"])) == "cannot run `/no/such/program`: no such file")
    }

    @Test @LoopActor func namesAMissingFolder() {
        #expect(
            error(Command(["sh"], workingDirectory: "/no/such/folder"))
                == "cannot run `sh` in `/no/such/folder`: no such file or directory")
    }

    @Test @LoopActor func tellsAMissingInterpreterFromAMissingFile() throws {
        let folder = try ScratchFolder()
        let script = try folder.file("script", Array("#!/no/such/interpreter\n".utf8))
        _ = script.withPlatformString { chmod($0, 0o755) }

        #expect(
            error(Command([script.string]))
                == "cannot run `\(script)`: the interpreter it names is missing")
    }

    @Test @LoopActor func refusesWhatIsNoProgram() throws {
        let folder = try ScratchFolder()
        let text = try folder.file("text", Array("hello\n".utf8))
        _ = text.withPlatformString { chmod($0, 0o755) }

        #expect(error(Command(["/etc/passwd"])) == "cannot run `/etc/passwd`: permission denied")
        #expect(error(Command(["/etc"])) == "cannot run `/etc`: permission denied")
        #expect(
            error(Command([text.string]))
                == "cannot run `\(text)`: it is no program for this machine and has no `#!` line")
    }

    @Test @LoopActor func refusesANUL() {
        #expect(
            error(Command(["sh", "a\0b"]))
                == "cannot run `sh`: an argument or a variable holds a NUL byte, which no program"
                + " can be given")
    }
}
