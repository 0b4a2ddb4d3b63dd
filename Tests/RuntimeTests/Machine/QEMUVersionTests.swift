import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct QEMUVersionTests {
    private let folder: ScratchFolder

    init() throws {
        TestLoop.start()
        folder = try ScratchFolder()
    }

    private func program(_ name: String, _ script: String = "") throws -> FilePath {
        let path = try folder.file(name, "#!/bin/sh\n\(script)\n".utf8)
        _ = path.withPlatformString { chmod($0, 0o755) }
        return path
    }

    @Test @LoopActor func tooOldIsSaidBeforeTheBoot() async throws {
        let qemu = try program("qemu", "echo 'QEMU emulator version 7.2.22 (Debian)'")

        let error = await #expect(throws: QEMUVersionError.self) {
            try await QEMUBinary.requireVersion(of: qemu, for: .loong64)
        }

        #expect(
            error?.diagnostic.message
                == "machine of architecture loong64: expected QEMU 9 or newer, got 7.2.22: "
                + "`\(qemu)`"
        )
        #expect(error?.diagnostic.verdict == .qemuDidNotStart)
        try await QEMUBinary.requireVersion(of: qemu, for: .riscv64)
    }

    @Test @LoopActor func oneThatDoesNotSayIsTakenAsItIs() async throws {
        try await QEMUBinary.requireVersion(of: program("mute"), for: .loong64)
        try await QEMUBinary.requireVersion(of: program("bad", "exit 1"), for: .loong64)
        // Not asked at all: every distribution's does.
        try await QEMUBinary.requireVersion(of: "/nowhere", for: .x86_64)
    }

    @Test(
        arguments: [
            (.bookworm, "install it from bookworm-backports (backports.debian.org): sudo apt-get"),
            (nil, "install a newer QEMU, and name its program or folder in QSH_QEMU"),
        ] as [(DebianSuite?, String)])
    func saysWhereToGetANewerOne(suite: DebianSuite?, hint: String) {
        let error = QEMUVersionError(
            program: "qemu", version: [7, 2], arch: .loong64, suite: suite)

        #expect(error.diagnostic.hint?.hasPrefix(hint) == true)
    }

    @Test func aVariableMayNameTheFolderOfAll() throws {
        let own = try program("qemu-system-riscv64")

        let found = try QEMUBinary.locate(
            for: .riscv64, environment: ["QSH_QEMU": folder.path.string])

        #expect(found == own)
    }

    @Test func aProgramOfAnotherArchitectureIsNamed() throws {
        let x86 = try program("qemu-system-x86_64")
        let environment = ["QSH_QEMU": x86.string]

        let error = #expect(throws: QEMUBinaryError.self) {
            try QEMUBinary.locate(for: .arm64, environment: environment)
        }

        #expect(
            error?.diagnostic
                == Diagnostic(
                    .qemuDidNotStart, "machine of architecture arm64: `\(x86)` emulates x86_64",
                    hint: "name a folder in QSH_QEMU to have each architecture's own"))
        // It runs the kernels of 32-bit PCs as well.
        #expect(try QEMUBinary.locate(for: .i386, environment: environment) == x86)
    }
}
