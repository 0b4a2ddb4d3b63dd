import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct BusyboxTests {
    private let tree: TestTree

    init() throws {
        TestLoop.start()
        tree = try TestTree()
    }

    @LoopActor
    private func find(
        _ path: FilePath? = nil, arch: Arch = .x86_64, _ variables: [String: String] = [:]
    ) async throws -> Busybox {
        try await Busybox.find(
            asked: path, arch: arch, environment: HostEnvironment(variables), progress: { _ in })
    }

    @LoopActor
    private func failure(
        _ path: FilePath?, _ variables: [String: String] = [:]
    ) async -> Diagnostic? {
        let error = await #expect(throws: BusyboxError.self) { try await find(path, variables) }
        return error?.diagnostic
    }

    @LoopActor
    private func find(_ path: FilePath?, _ variables: [String: String]) async throws -> Busybox {
        try await find(path, arch: .x86_64, variables)
    }

    @Test(.enabled(if: Arch.ofHost == .x86_64, "the test needs a busybox that the host can run"))
    @LoopActor func theHostsSaysItselfWhereItsAppletsGo() async throws {
        let host = try await Busybox.find(arch: .x86_64, progress: { _ in })
        let asked = try await find(host.program)

        #expect(asked.origin == .asked)
        #expect(asked.applets.contains("bin/sh"))
        #expect(asked.applets.contains("usr/bin/awk"))
        #expect(asked.applets.contains("sbin/poweroff"))
        #expect(try await find(nil, ["QSH_BUSYBOX": host.program.string]).origin == .environment)
    }

    /// With package lists of qsh's own and no foreign architecture in dpkg: 1 MB, and 9 MB of
    /// lists, kept in the user's cache.
    @Test @LoopActor func anotherArchitecturesNeedsNoSetup() async throws {
        let busybox = try await Busybox.find(arch: .arm64, progress: { _ in })

        #expect(busybox.arch == .arm64)
        #expect(busybox.origin == .debian)
        #expect(busybox.applets.contains("usr/bin/awk"))
    }

    @Test @LoopActor func refusesWhatCannotBeARoot() async throws {
        let text = try tree.write("text", "#!/bin/sh\n")
        let dynamic = try tree.write("dynamic", FakeKernel.elf(machine: 62, segmentType: 3))
        let foreign = try tree.write("foreign", FakeKernel.elf(machine: 183))
        let leaveOut = "leave the path out to get Debian's busybox-static"

        #expect(
            await failure("/no/such")
                == Diagnostic(.usage, "busybox `/no/such`: no such file", hint: leaveOut))
        #expect(
            await failure(tree.path)
                == Diagnostic(
                    .usage, "busybox `\(tree.path)`: expected a program, got a folder",
                    hint: leaveOut))
        #expect(
            await failure(nil, ["QSH_BUSYBOX": text.string])
                == Diagnostic(
                    .usage, "busybox `\(text)`: expected a program, got a file of another kind",
                    notes: ["the path comes from the environment variable QSH_BUSYBOX"],
                    hint: leaveOut))
        #expect(
            await failure(dynamic)
                == Diagnostic(
                    .usage,
                    "busybox `\(dynamic)`: expected a static program, got one that needs shared"
                        + " libraries",
                    hint: "install the package busybox-static, or leave the path out"))
        #expect(
            await failure(foreign)
                == Diagnostic(
                    .usage, "busybox `\(foreign)`: it is for arm64, but the machine is x86_64",
                    hint: leaveOut))
    }
}
