import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct KernelConfigTests {
    private func parse(_ text: String) throws -> KernelConfig {
        try KernelConfig(parsing: Array(text.utf8), name: "a.config")
    }

    private func message(_ text: String) -> String {
        do {
            _ = try parse(text)
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test func everyKindOfLineIsRead() throws {
        let config = try parse(
            """
            #
            # Linux/arm64 6.1.192 Kernel Configuration
            #
            CONFIG_A=y
            CONFIG_B=m\r
            # CONFIG_C is not set
            CONFIG_D=n
            CONFIG_E=0x1f
            CONFIG_F=-5
            CONFIG_G="a \\"b\\" \\\\ c # d"
              CONFIG_9P_FS=y
            CONFIG_RADIO_GEMTEK_PORT=34c

            """)

        #expect(config["RADIO_GEMTEK_PORT"] == .number("34c"))
        #expect(config["A"] == .yes)
        #expect(config["CONFIG_B"] == .module)
        #expect(config["C"] == .no)
        #expect(config["D"] == .no)
        #expect(config["E"] == .number("0x1f"))
        #expect(config["F"] == .number("-5"))
        #expect(config["G"] == .string("a \"b\" \\ c # d"))
        #expect(config["9P_FS"] == .yes)
        #expect(config["H"] == nil)
        #expect(config.sourceArch == "arm64")
        #expect(config.version == "6.1.192")
        #expect(config.entry("C")?.line == 6)
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let text = """
            CONFIG_A=y
            # CONFIG_B is not set
            CONFIG_C="x \\"y\\" \\\\z"
            CONFIG_D=0xff
            CONFIG_E=m

            """
        #expect(try parse(text).text == text)
    }

    @Test func aLineOfAnotherSyntaxIsNamed() {
        #expect(
            message("CONFIG_A=y\nFOO=bar\n")
                == "configuration `a.config`, line 2: expected `CONFIG_NAME=value` or "
                + "`# CONFIG_NAME is not set`, got `FOO=bar`")
        #expect(message("CONFIG_A=\"x\n").hasSuffix("got `CONFIG_A=\"x`"))
        #expect(message("CONFIG_A=some\n").hasSuffix("got `CONFIG_A=some`"))
        #expect(message("CONFIG_A-B=y\n").hasSuffix("got `CONFIG_A-B=y`"))
    }

    @Test func twoValuesInOneFileAreRefused() {
        #expect(
            message("CONFIG_A=y\n# CONFIG_A is not set\n")
                == "configuration: `A` is asked for twice: `y` by `a.config:1`, `n` by "
                + "`a.config:2`")
        #expect(message("CONFIG_A=0x10\nCONFIG_A=16\n") == "no error")
        #expect(message("CONFIG_A=34c\nCONFIG_A=0x34c\n") == "no error")
        #expect(message("CONFIG_A=34c\nCONFIG_A=34d\n").contains("asked for twice"))
    }

    @Test func randomBytesAreNeverACrash() {
        var random = SeededRandom(seed: 4)
        for _ in 0..<300 {
            let bytes = (0..<64).map { _ in UInt8.random(in: 0...255, using: &random) }
            _ = try? KernelConfig(parsing: bytes, name: "x")
            _ = EmbeddedConfig.find(in: bytes)
        }
    }

    @Test func theConfigurationInsideAnImageIsFound() throws {
        // `CONFIG_A=y`, as gzip writes it, between the marks of kernel/configs.c.
        let inner = try gzip("CONFIG_A=y\n# CONFIG_B is not set\n")
        let image =
            [UInt8](repeating: 0, count: 100) + Array("IKCFG_ST".utf8) + inner
            + Array("IKCFG_ED".utf8) + [1, 2, 3]
        let scratch = try ScratchFolder()

        let config = try KernelConfig.read(scratch.file("vmlinux", image))
        #expect(config["A"] == .yes)
        #expect(config["B"] == .no)
        #expect(try KernelConfig.read(scratch.file("config.gz", inner))["A"] == .yes)

        // As in a bzImage: the kernel compressed as a whole, behind a stub that is not.
        let packed = [UInt8](repeating: 0x90, count: 999) + (try gzip(image)) + [0, 1, 2, 3]
        #expect(try KernelConfig.read(scratch.file("bzImage", packed))["A"] == .yes)
    }

    @Test func anImageWithoutOneIsNamed() throws {
        let scratch = try ScratchFolder()
        let file = try scratch.file("image", [0x7f, 0x45, 0, 1, 2])
        #expect(
            throws: KernelConfigError.noConfig(
                file, "it is no text, and no kernel image that carries its own")
        ) {
            try KernelConfig.read(file)
        }
    }

    @Test(arguments: [
        ("CONFIG_ARM64=y\n", "arm64"), ("CONFIG_X86=y\nCONFIG_X86_32=y\n", "i386"),
        ("# Linux/riscv 6.1.0 Kernel Configuration\n", "riscv"),
        ("CONFIG_UML=y\nCONFIG_X86_64=y\n", "um"),
        ("CONFIG_X86_64=y\n", nil), ("# Linux/x86 6.1.0 Kernel Configuration\n", nil),
        ("CONFIG_SMP=y\n", nil),
    ])
    func theArchitectureIsTold(_ text: String, _ foreign: String?) throws {
        #expect(try parse(text).foreignArch(to: .x86_64) == foreign)
    }

    private func gzip(_ text: String) throws -> [UInt8] { try gzip(Array(text.utf8)) }

    private func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
        // Stored blocks of RFC 1951: no compressor is needed for a test of the reader.
        var result: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
        let length = UInt16(bytes.count)
        result += [1, UInt8(length & 255), UInt8(length >> 8)]
        result += [UInt8(~length & 255), UInt8(~length >> 8)]
        return result + bytes + [UInt8](repeating: 0, count: 8)
    }
}
