import Testing

@testable import QshRuntime

@Suite struct GuestAgentImageTests {
    @Test(arguments: GuestAgentImage.architectures)
    func imageIsAnExecutableOfItsArchitecture(arch: Arch) throws {
        let bytes = try #require(GuestAgentImage.bytes(for: arch))
        let header = try #require(ELFHeader(bytes))

        #expect(header.type == .executable)
        #expect(header.arch == arch)
        #expect(header.interpreter == nil)
        #expect(bytes.count < 40_000)
    }

    @Test func whatTheCompilerHasNoTargetForIsLeftOut() {
        // Those of every Swift toolchain; LLVM's LoongArch is not in it.
        #expect(GuestAgentImage.architectures.contains(.x86_64))
        #expect(GuestAgentImage.architectures.contains(.arm64))
        #expect(GuestAgentImage.bytes(for: .loong64) == nil)
    }
}
