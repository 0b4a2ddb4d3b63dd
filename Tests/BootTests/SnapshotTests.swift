import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: Guest.missing == nil, Guest.missing))
struct SnapshotTests {
    init() { TestLoop.start() }

    private static let limit = Duration.seconds(60)

    @LoopActor private func run(_ line: String, on machine: Machine) async throws -> String {
        let commands = try #require(machine.commands)
        let result = try await commands.execute(
            GuestCommand(.shell(line)), until: .after(Self.limit))
        #expect(result.code == 0, "\(line): \(String(decoding: result.stderr, as: UTF8.self))")
        return String(decoding: result.stdout, as: UTF8.self)
    }

    @LoopActor private func prompt(
        modules: [String] = [], _ change: (inout MachineConfiguration) -> Void = { _ in }
    ) async throws -> (Guest, Machine) {
        var guest = try await Guest(hasAgent: true, modules: modules)
        change(&guest.configuration)
        let machine = try await guest.boot()
        try await machine.console.expectPrompt()
        try await machine.commands?.waitUntilConnected(until: .after(Self.limit))
        return (guest, machine)
    }

    /// Kilobytes of `name` in the kernel's account of a process's memory.
    private func kilobytes(_ name: String, of machine: Machine) throws -> Int {
        let file = try FileDescriptor.open("/proc/\(machine.pid)/smaps_rollup", .readOnly)
        let bytes = try file.closeAfter {
            try [UInt8](unsafeUninitializedCapacity: 8192) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
        }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix(name + ":") }
        return try #require(line?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }

    @Test @LoopActor func tenClonesGoOnSideBySideEachFromTheSameState() async throws {
        let (guest, machine) = try await prompt()
        defer { withExtendedLifetime(guest) {} }
        #expect(try await run("echo base >/tmp/state; cat /tmp/state", on: machine) == "base\n")
        let base = try await machine.snapshot(until: .after(Self.limit))
        // The machine goes on, and what it does now is not in the snapshot.
        _ = try await run("echo later >/tmp/state; date -s 2001-01-01", on: machine)

        var clones: [Machine] = []
        for _ in 0..<10 { clones.append(try await base.restore()) }
        var seen: Set<String> = []
        for (number, clone) in clones.enumerated() {
            #expect(try await run("cat /tmp/state", on: clone) == "base\n")
            _ = try await run("echo \(number) >/tmp/state", on: clone)
            seen.insert(try await run("head -c 16 /dev/urandom | od -An -tx1", on: clone))
            let clock = try #require(
                Int(try await run("date +%s", on: clone).dropLast()))
            #expect(abs(clock - time(nil)) <= 2)
        }
        for (number, clone) in clones.enumerated() {
            #expect(try await run("cat /tmp/state", on: clone) == "\(number)\n")
        }
        #expect(seen.count == 10)
        #expect(try await run("cat /tmp/state", on: machine) == "later\n")

        let one = try kilobytes("Rss", of: clones[0])
        let all = try clones.map { try kilobytes("Pss", of: $0) }.reduce(0, +)
        #expect(all < one * 6, "one maps \(one) kB, all ten take \(all) kB")
        for clone in clones { await clone.kill() }
        await machine.kill()
    }

    @Test @LoopActor func theConsoleGoesOnToo() async throws {
        let (guest, machine) = try await prompt()
        defer { withExtendedLifetime(guest) {} }
        try await machine.console.sendline("stty -echo; echo unread $((6 * 7))")
        _ = try await machine.console.expect("unread")
        let base = try await machine.snapshot(until: .after(Self.limit))
        await machine.kill()

        let clone = try await base.restore()
        let rest = try await clone.console.expect("42", limits: ExpectLimits(total: Self.limit))
        try await clone.console.sendline("echo I am $((40 + 3))")
        _ = try await clone.console.expect("I am 43", limits: ExpectLimits(total: Self.limit))
        let exit = try await clone.shutdown()

        #expect(String(decoding: rest.before, as: UTF8.self).hasSuffix(" "))
        #expect(exit.cause == .powerOff)
    }

    @Test @LoopActor func aTransferThatRunsMeanwhileIsNotHarmed() async throws {
        let (guest, machine) = try await prompt()
        defer { withExtendedLifetime(guest) {} }
        let commands = try #require(machine.commands)
        let bytes = (0..<4_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        async let copied: Void = commands.copyIn(
            "/tmp/copy", from: .bytes(bytes), until: .after(Self.limit))
        async let echoed = commands.execute(
            GuestCommand(.shell("sleep 0.3; echo done")), until: .after(Self.limit))
        await Task.yield()
        let base = try await machine.snapshot(until: .after(Self.limit))
        let clone = try await base.restore()
        #expect(try await run("echo on", on: clone) == "on\n")
        await clone.kill()

        try await copied
        let result = try await echoed
        let sum = try await run("md5sum </tmp/copy", on: machine)
        let expected = try await commands.execute(
            GuestCommand(.shell("md5sum"), input: .bytes(bytes)), until: .after(Self.limit))
        await machine.kill()

        #expect(result.stdout == Array("done\n".utf8))
        #expect(sum == String(decoding: expected.stdout, as: UTF8.self))
    }

    @Test @LoopActor func aCloneCanBeSavedAndAPausedMachineStaysPaused() async throws {
        let (guest, machine) = try await prompt()
        defer { withExtendedLifetime(guest) {} }
        let base = try await machine.snapshot(until: .after(Self.limit))
        await machine.kill()
        let clone = try await base.restore()
        _ = try await run("echo second >/tmp/state", on: clone)
        try await clone.pause(until: .after(Self.limit))
        let second = try await clone.snapshot(until: .after(Self.limit))
        await clone.kill()

        let last = try await second.restore()
        let status = try await last.qmp.execute("query-status", until: .after(Self.limit))
        try await last.resume(until: .after(Self.limit))
        let state = try await run("cat /tmp/state", on: last)
        await last.kill()

        #expect(status["running"] == false)
        #expect(state == "second\n")
    }

    @Test @LoopActor func drivesAreAsTheyWereAlsoWhereChangesAreThrownAway() async throws {
        let folder = try TemporaryDirectory(prefix: "qsh-snapshot")
        defer { withExtendedLifetime(folder) {} }
        let disk = folder.path.appending("disk.img")

        do {
            try AtomicFile.write(Array(repeating: 0x2e, count: 1 << 20), to: disk)
        }
        let (guest, machine) = try await prompt(modules: ["virtio_blk"]) {
            $0.drives = [QEMUOption(disk.string, [.init("format", "raw")])]
        }
        defer { withExtendedLifetime(guest) {} }
        let read = "echo 1 >/proc/sys/vm/drop_caches; head -c 6 /dev/vda"
        _ = try await run("printf before | dd of=/dev/vda conv=notrunc; sync", on: machine)
        let base = try await machine.snapshot(until: .after(Self.limit))
        _ = try await run("printf afterw | dd of=/dev/vda conv=notrunc; sync", on: machine)
        let first = try await base.restore()
        _ = try await run("printf first. | dd of=/dev/vda conv=notrunc; sync", on: first)
        let second = try await base.restore()

        #expect(try await run(read, on: second) == "before")
        #expect(try await run(read, on: first) == "first.")
        #expect(try await run(read, on: machine) == "afterw")
        // The clone throws its changes away, and they are in a snapshot of it all the same.
        let again = try await first.snapshot(until: .after(Self.limit))
        let third = try await again.restore()
        #expect(try await run(read, on: first) == "first.")
        #expect(try await run(read, on: third) == "first.")
        _ = try await run("printf third. | dd of=/dev/vda conv=notrunc; sync", on: third)
        #expect(try await run(read, on: third) == "third.")
        #expect(try await run(read, on: first) == "first.")
        #expect(try await run(read, on: second) == "before")
        for each in [machine, first, second, third] { await each.kill() }
        let left = try FileDescriptor.open(disk, .readOnly)
        let head = try left.closeAfter {
            try [UInt8](unsafeUninitializedCapacity: 6) { buffer, count in
                count = try left.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
        }
        #expect(head == Array("afterw".utf8))
        #expect(access(disk.string, F_OK) == 0)
    }
}
