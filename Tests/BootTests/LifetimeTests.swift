import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// No QEMU outlives qsh, however qsh ends.
@Suite(.serialized, .enabled(if: Guest.missing == nil, Guest.missing))
struct LifetimeTests {
    init() { TestLoop.start() }

    @Test @LoopActor func killedAtTwentyRandomMomentsItLeavesNoQEMU() async throws {
        let guest = try await Guest()
        var random = SystemRandomNumberGenerator()
        // From before QEMU's start, which comes after a few milliseconds, into the kernel's boot.
        for _ in 0..<20 {
            let moment = Duration.milliseconds(Int.random(in: 0...400, using: &random))
            try await kill(guest, after: moment, with: SIGKILL)
        }
    }

    @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGSEGV])
    @LoopActor func everyFatalSignalTakesQEMUAlong(signal: Int32) async throws {
        try await kill(try await Guest(), after: .milliseconds(300), with: signal)
    }

    @LoopActor
    private func kill(_ guest: Guest, after moment: Duration, with signal: Int32) async throws {
        let runs = guest.runs
        let command = Command(
            [
                BuiltProgram.victim.string, "boot", runs.path.string,
                try #require(guest.configuration.kernel).string,
                try #require(guest.configuration.initramfs).string,
            ], environment: ["SWIFT_BACKTRACE": "enable=no"])
        let victim = try ChildProcess.spawn(command)
        let ended = try await victim.waitForExit(until: .after(moment))
        try #require(ended == nil, "the victim ended by itself")

        // Only the process itself: its group would take QEMU along.
        Glibc.kill(victim.pid, signal)

        _ = try await victim.waitForExit(until: .after(.seconds(5)))
        let deadline = Deadline.after(.seconds(1))
        var left = Self.processes(naming: guest.folder.path)
        while !left.isEmpty, !deadline.hasPassed {
            _ = try await Broadcast().wait(until: .after(.milliseconds(10))) { false }
            left = Self.processes(naming: guest.folder.path)
        }
        #expect(left.isEmpty, "killed after \(moment)")
        #expect(try !runs.list().contains { $0.isLive }, "killed after \(moment)")
    }

    /// Processes in whose arguments the folder stands.
    private static func processes(naming folder: FilePath) -> [String] {
        guard let stream = opendir("/proc") else { return [] }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let number = Int32(name), number != getpid() else { continue }
            guard let file = try? FileDescriptor.open("/proc/\(name)/cmdline", .readOnly) else {
                continue
            }
            defer { try? file.close() }
            var bytes = [UInt8](repeating: 0, count: 8192)
            let count = (try? bytes.withUnsafeMutableBytes { try file.read(into: $0) }) ?? 0
            let text = String(decoding: bytes[..<count], as: UTF8.self)
            if text.contains(folder.string) { found.append(text) }
        }
        return found
    }
}
