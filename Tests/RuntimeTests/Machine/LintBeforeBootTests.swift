import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct LintBeforeBootTests {
    init() { TestLoop.start() }

    /// An image of any size is looked at; `lint = false` boots it all the same.
    @Test @LoopActor func whatCannotStartIsRefusedUnlessAskedOtherwise() async throws {
        let folder = try ScratchFolder()
        let kernel = try folder.file("bzImage", FakeKernel.bzImage())
        var tree = InitramfsTree()
        try tree.addFile("large", bytes: [UInt8](repeating: 1, count: 65 << 20))
        let image = folder.path.appending("large.img")
        try await tree.write(to: image)
        var configuration = MachineConfiguration(kernel: kernel, initramfs: image)

        await #expect(throws: InitramfsError.self) { try await configuration.lint(nil) }
        configuration.lintsInitramfs = false
        #expect(try await configuration.lint(nil) == [])
    }
}
