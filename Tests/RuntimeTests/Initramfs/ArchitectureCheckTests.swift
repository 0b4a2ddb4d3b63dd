import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct ArchitectureCheckTests {
    /// The file header of a program or module without anything else (elf(5)).
    private static func elf(_ arch: Arch, isObject: Bool = false) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 64)
        bytes[0..<4] = [0x7f, 0x45, 0x4c, 0x46]
        bytes[4] = arch.elf.is64Bit ? 2 : 1
        bytes[5] = arch.elf.isBigEndian ? 2 : 1
        let numbers = [UInt16(isObject ? 1 : 2), arch.elf.machine]
        for (index, number) in numbers.enumerated() {
            let pair = [UInt8(truncatingIfNeeded: number), UInt8(number >> 8)]
            bytes.replaceSubrange(
                (16 + index * 2)..<(18 + index * 2),
                with: arch.elf.isBigEndian ? pair.reversed() : pair)
        }
        return bytes
    }

    /// What is found in a root of one program more than its init.
    private func findings(
        _ path: String, _ bytes: [UInt8], on kernel: Arch, mode: QshRuntime.FileMode = .program
    ) throws -> [InitramfsFinding] {
        var tree = InitramfsTree()
        try tree.addFile("/init", bytes: Self.elf(kernel), mode: .program)
        try tree.addFile(path, bytes: bytes, mode: mode)
        var target = InitramfsLint.Target()
        target.arch = kernel
        target.machine = kernel.elf.machine
        return try InitramfsLint.lint(tree: tree, for: target)
    }

    @Test(arguments: Arch.all)
    func aProgramOfAnotherArchitectureStopsTheBootOfEach(kernel: Arch) throws {
        let other = kernel == .riscv64 ? Arch.arm64 : .riscv64

        let found = try findings("/usr/bin/tool", Self.elf(other), on: kernel)

        #expect(
            found == [
                InitramfsFinding(
                    .error, at: 0, "`/usr/bin/tool` is for \(other), and the kernel for \(kernel)")
            ])
        #expect(try findings("/usr/bin/tool", Self.elf(kernel), on: kernel) == [])
    }

    @Test func widthAndByteOrderCountToo() throws {
        let found = try findings("/bin/tool", Self.elf(.mips64el), on: .mipsel)

        #expect(found.map(\.message) == ["`/bin/tool` is for mips64el, and the kernel for mipsel"])
    }

    @Test(arguments: [
        (Arch.x86_64, Arch.i386, "/bin/tool"), (.arm64, .armhf, "/sbin/tool"),
        (.mips64el, .mipsel, "/tool"), (.arm64, .x86_64, "/usr/x86_64-linux-gnu/lib/ld.so"),
    ])
    func whatMayBeMeantSoIsAWarning(kernel: Arch, program: Arch, path: String) throws {
        let found = try findings(path, Self.elf(program), on: kernel)

        #expect(found.map(\.severity) == [.warning])
        #expect(found.first?.message == "`\(path)` is for \(program), and the kernel for \(kernel)")
    }

    @Test func dataIsNotLookedAt() throws {
        let found = try findings("/bin/data", Self.elf(.s390x), on: .x86_64, mode: .file)

        #expect(found == [])
    }

    @Test func aModuleOfAnotherArchitectureStopsTheBoot() throws {
        let path = "/lib/modules/6.1/a.ko"
        let module = Self.elf(.s390x, isObject: true)

        let found = try findings(path, module, on: .x86_64, mode: .file)

        #expect(
            found == [
                InitramfsFinding(
                    .error, at: 0, "the module `\(path)` is for s390x, and the kernel for x86_64")
            ])
        #expect(try findings(path, module, on: .s390x, mode: .file) == [])
    }
}
