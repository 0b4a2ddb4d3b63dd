import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

@Suite struct QEMUBinaryTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    @Test func theOptionBeatsTheVariableBeatsThePath() throws {
        let own = try program("own-qemu")
        let set = try program("set-qemu")
        let found = try program("qemu-system-x86_64")
        let environment = ["PATH": "/nonexistent:\(folder.path)", "QSH_QEMU": set.string]
        let path = ["PATH": "/nonexistent:\(folder.path)", "QSH_QEMU": ""]

        #expect(
            try QEMUBinary.locate(for: .x86_64, option: own, environment: environment) == own)
        #expect(try QEMUBinary.locate(for: .x86_64, environment: environment) == set)
        #expect(try QEMUBinary.locate(for: .x86_64, environment: path) == found)
        #expect(
            try QEMUBinary.locate(for: .arm64, option: "own-qemu", environment: path) == own)
    }

    @Test(
        arguments: [
            (nil, [:], "machine of architecture arm64: `qemu-system-aarch64` is not on PATH"),
            ("/etc/passwd", [:], "option `qemu`: `/etc/passwd` is not a program"),
            (nil, ["QSH_QEMU": "/etc"], "QSH_QEMU: `/etc` is not a program"),
        ] as [(FilePath?, [String: String], String)])
    func saysWhoNamedWhatIsMissing(
        option: FilePath?, environment: [String: String], message: String
    ) {
        let error = #expect(throws: QEMUBinaryError.self) {
            try QEMUBinary.locate(for: .arm64, option: option, environment: environment)
        }

        #expect(error?.description == message)
    }

    @Test(
        arguments: [
            (
                "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright (c) 2003",
                [7, 2, 22]
            ),
            ("QEMU emulator version 10.0.0\n", [10, 0, 0]), ("hello", nil), ("", nil),
            ("QEMU emulator version", nil),
        ] as [(String, [Int]?)])
    func readsTheVersion(output: String, version: [Int]?) {
        #expect(QEMUBinary.version(in: output) == version)
    }

    private func program(_ name: String) throws -> FilePath {
        let path = try folder.file(name, [])
        _ = path.withPlatformString { chmod($0, 0o755) }
        return path
    }
}
