import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// QMP and what is made of it, without a kernel: the guest is a boot sector that sends each key it
/// gets from the BIOS to the serial port.
@Suite(.serialized, .enabled(if: Guest.missing == nil, Guest.missing))
struct ControlTests {
    init() { TestLoop.start() }

    private static let soon = Duration.seconds(30)

    /// Says "!" and then echoes: `mov al,'!'; L: mov dx,0x3f8; out dx,al; xor ah,ah; int 0x16;
    /// jmp L`, and the mark of a boot sector.
    private static let echo: [UInt8] =
        [0xb0, 0x21, 0xba, 0xf8, 0x03, 0xee, 0x30, 0xe4, 0xcd, 0x16, 0xeb, 0xf6]
        + Array(repeating: 0, count: 498) + [0x55, 0xaa]

    @LoopActor private func start(
        in folder: TemporaryDirectory, _ change: (inout MachineConfiguration) -> Void = { _ in }
    ) async throws -> Machine {
        let disk = folder.path.appending("disk.img")
        try AtomicFile.write(Self.echo, to: disk)
        var configuration = MachineConfiguration()
        configuration.accel = .tcg
        configuration.machine = "pc"
        configuration.memory = ByteSize(bytes: 16 << 20)
        configuration.hasCommandChannel = false
        configuration.drives = [
            QEMUOption(disk.string, [.init("format", "raw"), .init("if", "ide")])
        ]
        change(&configuration)
        return try await Machine.boot(
            configuration,
            environment: ["PATH": getenv("PATH").map { String(cString: $0) } ?? ""],
            runs: RunDirectoryBase(path: folder.path.appending("runs")))
    }

    private func bytes(of path: FilePath) throws -> [UInt8] {
        let file = try FileDescriptor.open(path, .readOnly)
        return try file.closeAfter {
            let size = try Int(file.seek(offset: 0, from: .end))
            return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                count = try file.read(
                    fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
            }
        }
    }

    private func limits() -> ExpectLimits { ExpectLimits(total: Self.soon) }

    @Test @LoopActor func keysArriveAsTyped() async throws {
        let folder = try TemporaryDirectory(prefix: "qsh-control")
        let machine = try await start(in: folder)
        _ = try await machine.console.expect("!", limits: limits())

        let text = #"Az09 ~!@#$%^&*()_+{}|:"<>?`-=[]\;',./"#
        try await machine.type(text, until: .after(Self.soon))
        try await machine.press(["shift", "q"], until: .after(Self.soon))
        let result = try await machine.console.expect("Q", limits: limits())
        let unknown = await #expect(throws: MachineControlError.self) {
            try await machine.press(["ctrl", "entr"], until: .after(Self.soon))
        }
        let untypable = await #expect(throws: MachineControlError.self) {
            try await machine.type("aé", until: .after(Self.soon))
        }
        await machine.kill()

        #expect(String(decoding: result.before, as: UTF8.self) == text)
        #expect(unknown?.diagnostic.message == "key `entr`: there is no such key")
        #expect(unknown?.diagnostic.hint == "did you mean `enter`?")
        #expect(
            untypable?.diagnostic.message
                == "`é` cannot be typed: it is on no key of a US keyboard")
    }

    @Test @LoopActor func aScreenshotIsAPNGAndAMachineWithoutAScreenSaysSo() async throws {
        let folder = try TemporaryDirectory(prefix: "qsh-control")
        let machine = try await start(in: folder) { $0.hasDisplay = true }
        _ = try await machine.console.expect("!", limits: limits())
        let path = folder.path.appending("screen.png")

        try await machine.screenshot(to: path, until: .after(Self.soon))
        await machine.kill()
        let plain = try await start(in: folder)
        let error = await #expect(throws: MachineControlError.self) {
            try await plain.screenshot(
                to: folder.path.appending("none.png"), until: .after(Self.soon))
        }
        await plain.kill()

        let bytes = try bytes(of: path)
        #expect(Array(bytes.prefix(8)) == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
        #expect(bytes.suffix(8).prefix(4) == Array("IEND".utf8)[...])
        #expect(error?.diagnostic.message == "screenshot: the machine has no screen")
        #expect(access(folder.path.appending("none.png").string, F_OK) != 0)
    }

    @Test @LoopActor func pauseResumeAndResetCauseTheirEvents() async throws {
        let folder = try TemporaryDirectory(prefix: "qsh-control")
        let machine = try await start(in: folder) { $0.startsPaused = true }
        let state = try await machine.qmp.execute("query-status", until: .after(Self.soon))
        #expect(state["status"] == "prelaunch")

        try await machine.resume(until: .after(Self.soon))
        _ = try await machine.console.expect("!", limits: limits())
        try await machine.pause(until: .after(Self.soon))
        let stopped = try await machine.qmp.nextEvent(
            of: ["STOP", "SHUTDOWN"], until: .after(Self.soon))
        try await machine.resume(until: .after(Self.soon))
        _ = try await machine.qmp.nextEvent(of: ["RESUME"], until: .after(Self.soon))
        _ = try await machine.qmp.nextEvent(of: ["RESUME"], until: .after(Self.soon))
        let none = await #expect(throws: QMPError.self) {
            try await machine.qmp.nextEvent(of: ["RESUME"], until: .after(.milliseconds(50)))
        }
        try await machine.reset(until: .after(Self.soon))
        _ = try await machine.console.expect("!", limits: limits())
        let refused = await #expect(throws: QMPError.self) {
            try await machine.qmp.execute(
                "screendump", ["filename": 5], until: .after(Self.soon))
        }
        async let waiting =
            machine.qmp.nextEvent(of: ["POWERDOWN"], until: .after(Self.soon))
        try await machine.pressPowerButton(until: .after(Self.soon))
        let pressed = try await waiting
        await machine.kill()

        #expect(stopped.name == "STOP")
        #expect(none?.diagnostic.message == "QMP event `RESUME`: did not come in 0.1 s")
        #expect(pressed.name == "POWERDOWN")
        #expect(
            refused?.diagnostic.message
                == "QMP command `screendump`: QEMU refused: Invalid parameter type for "
                + "'filename', expected: string")
        let gone = await #expect(throws: QMPError.self) {
            try await machine.qmp.nextEvent(of: ["NEVER"], until: .after(Self.soon))
        }
        #expect(gone?.diagnostic.verdict == .qemuDied)
    }

    @Test(.enabled(if: Command.locate("gdb") != nil, "no gdb on PATH"))
    @LoopActor func gdbAttachesByThePrintedCommand() async throws {
        let folder = try TemporaryDirectory(prefix: "qsh-control")
        let machine = try await start(in: folder)
        _ = try await machine.console.expect("!", limits: limits())
        let socket = folder.path.appending("a b,c.sock")

        let server = try await machine.startDebugServer(
            at: .socket(socket), until: .after(Self.soon))
        let shell = Command([
            "sh", "-c", server.command + " -nx -batch -ex 'x/2xb 0x7dfe' </dev/null 2>&1",
        ])
        let result = try await CommandRunner.run(shell, until: .after(Self.soon))
        let bad = await #expect(throws: MachineControlError.self) {
            try await machine.startDebugServer(
                at: .socket("/nowhere/gdb"), until: .after(Self.soon))
        }
        await machine.kill()

        let said = String(decoding: result.stdout, as: UTF8.self)
        #expect(said.contains("0x55\t0xaa"), "\(said)")
        #expect(bad?.diagnostic.message.hasPrefix("gdb: QEMU's server did not start: ") == true)
    }

    @Test @LoopActor func aDumpHoldsTheGuestsMemory() async throws {
        let folder = try TemporaryDirectory(prefix: "qsh-control")
        let machine = try await start(in: folder)
        _ = try await machine.console.expect("!", limits: limits())

        try await machine.dump(to: folder.path.appending("core"), until: .after(Self.soon))
        try await machine.dump(
            to: folder.path.appending("kdump"), format: .kdumpZlib, until: .after(Self.soon))
        await machine.kill()

        let core = try bytes(of: folder.path.appending("core"))
        #expect(core.starts(with: [0x7f, 0x45, 0x4c, 0x46]))
        #expect(core.count > 16 << 20)
        let sector = Self.echo.prefix(12)
        #expect(core.firstRange(of: sector) != nil)
        #expect(
            try bytes(of: folder.path.appending("kdump")).starts(with: Array("makedumpfile".utf8)))
    }
}
