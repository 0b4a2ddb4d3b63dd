import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// What breaks under a recipe that the program runs, at any moment of it: the program ends in time,
/// with the right exit code and words, and leaves no process behind.
@Suite(
    .serialized,
    .enabled(if: Command.locate("qemu-system-x86_64") != nil, "no qemu-system-x86_64"))
struct RecipeFaultTests {
    init() { TestLoop.start() }

    enum Fault: String, CaseIterable {
        case qemuKilled, consoleClosed, agentKilled, garbageOverQMP, flood, fullDisk

        var statuses: Set<Int32> {
            switch self {
            case .qemuKilled, .garbageOverQMP: [69]
            case .consoleClosed, .agentKilled: [1]
            // What is waited for may be cut by the flood.
            case .flood: [0, 124]
            case .fullDisk: [0]
            }
        }

        /// One of these is in what the program says.
        var words: [String] {
            switch self {
            case .qemuKilled: ["error: QEMU died: it was killed by signal 9 (SIGKILL)"]
            case .consoleClosed: ["but the stream ended", "cannot send: the console has ended"]
            case .agentKilled: ["error: command channel: the agent in the guest has ended"]
            case .garbageOverQMP: ["error: QMP: expected a line of JSON from QEMU, got `"]
            case .flood: [""]
            case .fullDisk: ["console.log`: cannot write: No space left on device"]
            }
        }

        /// For the guest's shell, from a task of the recipe's.
        var guestCommand: String {
            switch self {
            case .agentKilled: "kill -9 $(pidof qsh-agent)"
            case .flood: "yes flood >/dev/ttyS0 & sleep 20; kill $!"
            default: ""
            }
        }
    }

    /// Arguments: a command for the guest, and how many seconds pass before it and go on behind.
    private static let recipe = """
        local command, moment, rest = arg[1], tonumber(arg[2]), tonumber(arg[3])
        local m <close> = qsh.machine.boot {
          kernel = qsh.kernel.find(), initramfs = qsh.initramfs.new { busybox = true },
          accel = "tcg", append = "cryptomgr.notests", memory = "128M", cache = true,
        }
        m.console:expect("[rootfs ]#")
        print(m.pid)
        io.stdout:flush()
        local start = qsh.now()
        if command ~= "" then
          qsh.task.spawn(function()
            qsh.task.sleep(moment)
            m:try_execute(command, { timeout = 5 })
          end)
        end
        repeat
          assert(m:qmp("query-status", nil, { timeout = 5 }).running)
          m.console:sendline("seq 1200; echo con$((40 + 2))")
          m.console:expect("con42\\n", { timeout = 5 })
          m.console:expect("]# ", { timeout = 5 })
          assert(m:succeed("echo $((6 * 7))", { timeout = 5 }).stdout == "42\\n")
        until qsh.now() - start > moment + rest
        m:shutdown { timeout = 10 }
        """

    /// Runs the program where the folder `run` is a disk of 8 MB.
    private static let smallDisk = [
        "unshare", "-rm", "sh", "-c",
        "mount -t tmpfs -o size=8m,mode=700 none run && XDG_RUNTIME_DIR=$PWD/run exec \"$@\"", "sh",
    ]

    /// Two limits under TCG, and QEMU's end.
    private static let slowest = Duration.seconds(30)
    /// `QSH_FAULT_MOMENTS=200` for the long run.
    private static let moments =
        getenv("QSH_FAULT_MOMENTS").flatMap { Int(String(cString: $0)) } ?? Fault.allCases.count

    @Test @LoopActor func aFaultAtAnyMomentEndsTheProgramAsItShould() async throws {
        let scratch = try ScratchFolder()
        _ = try scratch.file("recipe.lua", Self.recipe.utf8)
        for name in ["run", "cache"] { mkdir(scratch.path.appending(name).string, 0o700) }
        // The first boot is the one that the others go on from.
        let first = try await CommandRunner.run(
            command(.flood, ["", "0", "0"], scratch.path), until: .after(.seconds(120)))
        try #require(first.code == 0, "\(String(decoding: first.stderr, as: UTF8.self))")
        let faults = try await Self.possibleFaults(in: scratch.path)

        var random = SeededRandom(seed: 6)
        for number in 0..<Self.moments {
            let moment = Duration.milliseconds(random.below(1500))
            try await strike(faults[number % faults.count], after: moment, in: scratch.path)
        }
    }

    @LoopActor
    private func strike(
        _ fault: Fault, after moment: Duration, in folder: FilePath
    ) async throws {
        let run = Run()
        let seconds = "\(moment / .seconds(1))"
        let line = command(fault, [fault.guestCommand, seconds, "1.5"], folder)
        LoopActor.task {
            run.result = try? await CommandRunner.run(line, until: .after(.seconds(120))) {
                _, new in
                run.text += String(decoding: new, as: UTF8.self)
                run.changed.notify()
            }
            run.hasEnded = true
            run.changed.notify()
        }
        _ = try await run.changed.wait(until: .after(.seconds(60))) {
            run.qemu != nil || run.hasEnded
        }
        let qemu = try #require(run.qemu, "\(run.text)")
        _ = try await run.changed.wait(until: .after(moment)) { run.hasEnded }
        #expect(!run.hasEnded, "\(fault) after \(moment): \(run.text)")

        try Self.strike(fault, qemu, folder)
        let inTime = try await run.changed.wait(until: .after(Self.slowest)) { run.hasEnded }

        #expect(inTime, "\(fault) after \(moment) hangs: \(run.text)")
        let status = run.result?.code ?? -1
        #expect(fault.statuses.contains(status), "\(fault) after \(moment): \(run.text)")
        #expect(
            fault.words.contains { $0.isEmpty || run.text.contains($0) },
            "\(fault) after \(moment): \(run.text)")
        #expect(!run.text.contains("flushed its input"), "\(fault) after \(moment): \(run.text)")
        #expect(processIsGone(qemu), "\(fault) after \(moment) leaves QEMU")
    }

    private func command(_ fault: Fault, _ arguments: [String], _ folder: FilePath) -> Command {
        let program = [QshRun.binary.string, "recipe.lua"] + arguments
        return Command(
            fault == .fullDisk ? Self.smallDisk + program : program,
            environment: [
                "NO_COLOR": "1", "QSH_BOOT_CACHE": folder.appending("cache").string,
            ], workingDirectory: folder)
    }

    /// A disk of its own needs a namespace, which some hosts refuse.
    @LoopActor private static func possibleFaults(in folder: FilePath) async throws -> [Fault] {
        let probe = try? await CommandRunner.run(
            Command(smallDisk + ["true"], workingDirectory: folder), until: .after(.seconds(10)))
        guard probe?.code != 0 else { return Fault.allCases }
        print("a full disk is left out: this host lets nobody mount one")
        return Fault.allCases.filter { $0 != .fullDisk }
    }

    private static func strike(_ fault: Fault, _ qemu: Int32, _ folder: FilePath) throws {
        switch fault {
        case .qemuKilled: kill(qemu, SIGKILL)
        case .consoleClosed:
            let socket = try borrow("qsh-serial", from: qemu)
            defer { close(socket) }
            shutdown(socket, Int32(SHUT_RDWR))
        case .garbageOverQMP:
            let socket = FileDescriptor(rawValue: try borrow("qsh-qmp", from: qemu))
            _ = try socket.closeAfter { try socket.writeAll("\u{1}garbage }{ \n".utf8) }
        case .fullDisk:
            let path = FilePath("/proc/\(qemu)/root\(folder)/run/fill")
            let file = try FileDescriptor.open(
                path, .writeOnly, options: .create, permissions: .ownerReadWrite)
            let block = [UInt8](repeating: 0x61, count: 4096)
            while (try? file.writeAll(block)) != nil {}
            try file.close()
        case .agentKilled, .flood: break
        }
    }

    /// QEMU's own end of one of its sockets, duplicated.
    private static func borrow(_ name: String, from qemu: Int32) throws -> Int32 {
        let file = try FileDescriptor.open(FilePath("/proc/\(qemu)/cmdline"), .readOnly)
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = try file.closeAfter {
            try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
        }
        let words = bytes.prefix(count).split(separator: 0)
            .map { String(decoding: $0, as: UTF8.self) }
        let option = try #require(words.first { $0.hasPrefix("socket,id=\(name),") })
        let mark = try #require(option.firstRange(of: "fd="))
        let number = try #require(Int(option[mark.upperBound...].prefix { $0.isNumber }))
        // The C library has functions for `pidfd_open` and `pidfd_getfd` from 2.36 on only.
        typealias SystemCall = @convention(c) (Int, Int, Int, Int) -> Int
        let symbol = try #require(dlsym(nil, "syscall"))
        let systemCall = unsafeBitCast(symbol, to: SystemCall.self)
        let descriptor = systemCall(434, Int(qemu), 0, 0)
        try #require(descriptor >= 0, "pidfd_open: \(Errno(rawValue: errno))")
        defer { close(Int32(descriptor)) }
        let borrowed = systemCall(438, descriptor, number, 0)
        try #require(borrowed >= 0, "pidfd_getfd: \(Errno(rawValue: errno))")
        return Int32(borrowed)
    }

    @LoopActor private final class Run {
        let changed = Broadcast()
        var text = ""
        var result: CommandResult?
        var hasEnded = false

        /// QEMU's number, which the recipe prints.
        var qemu: Int32? {
            text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                .compactMap { Int32($0) }.first
        }
    }
}
