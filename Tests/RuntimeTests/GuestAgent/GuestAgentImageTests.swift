import QshRuntime
import Testing

@Suite struct GuestAgentImageTests {
    @Test(arguments: [("x86_64", 62), ("aarch64", 183), ("arm64", 183)])
    func imageIsAnExecutableOfItsArchitecture(name: String, machine: UInt8) throws {
        let bytes = try #require(GuestAgentImage.bytes(for: name))

        #expect(bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]))
        // e_type is ET_EXEC, then e_machine.
        #expect(Array(bytes[16..<20]) == [2, 0, machine, 0])
        #expect(bytes.count < 40_000)
    }

    @Test func unknownArchitectureHasNone() {
        #expect(GuestAgentImage.bytes(for: "vax") == nil)
    }
}
