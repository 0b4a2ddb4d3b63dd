import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct ModuleSelectionTests {
    init() { TestLoop.start() }

    @LoopActor private func picks(_ names: String...) async throws -> (InitramfsTree, [String]) {
        let kernel = try await DebianKernel.get()
        var tree = InitramfsTree()
        try tree.addModules(names, of: kernel)
        let list = tree.text(InitramfsTree.moduleListPath).split(separator: "\n")
        return (tree, list.compactMap { $0.split(separator: "/").last.map(String.init) })
    }

    /// No file of the module says that its device hangs on PCI.
    @Test @LoopActor func aVirtioDiskBringsItsTransport() async throws {
        let (_, list) = try await picks("virtio_blk")

        let expected: Set = [
            "virtio_ring.ko", "virtio.ko", "virtio_pci_modern_dev.ko",
            "virtio_pci_legacy_dev.ko", "virtio_pci.ko", "virtio_blk.ko",
        ]
        #expect(Set(list).subtracting(["virtio_mmio.ko"]) == expected)
        #expect(list.last == "virtio_blk.ko")
    }

    @Test @LoopActor func anATAHostBringsTheDriverOfItsDisks() async throws {
        let (_, list) = try await picks("ata_piix")

        #expect(list.contains("sd_mod.ko"))
        #expect(list.contains("libata.ko"))
    }

    @Test @LoopActor func theReasonsNameWhoUsesIt() async throws {
        let (tree, _) = try await picks("virtio_blk")
        let release = try await DebianKernel.get().release
        let path = "/lib/modules/\(release)/kernel/drivers/virtio/virtio_ring.ko"

        let chain = tree.why(try InitramfsPath(path))

        #expect(chain.first?.reason.text == "its symbols are used by")
        #expect(chain.last?.path.hasSuffix("/virtio_blk.ko") == true)
        #expect(chain.last?.reason.text == "the recipe asks for it")
    }

    /// What a hook only wishes for is asked for first.
    @Test @LoopActor func aFruitlessWishExcusesNoMissingModule() async throws {
        let kernel = try await DebianKernel.get()
        let modules = try KernelModules(folder: #require(kernel.modules))
        var selection = ModuleSelection(modules, of: kernel)
        try selection.add(
            ModuleRequest(name: "nosuch", why: "a wish", isOptional: true), hook: "block")
        #expect(throws: KernelModulesError.self) {
            try selection.add(ModuleRequest(name: "nosuch", why: "asked for"), hook: "")
        }
        #expect(selection.chosen.isEmpty)
    }

    @Test func ciphersAreSpelledAsTheKernelAsksForThem() {
        let names = { (cipher: String) in
            ModuleCompanions.modules(forCipher: cipher, "").map(\.name)
        }

        #expect(names("aes-xts-plain64") == ["crypto-ecb", "crypto-aes", "crypto-xts"])
        #expect(
            names("serpent-cbc-essiv:sha256")
                == ["crypto-serpent", "crypto-cbc", "crypto-essiv", "crypto-sha256", "crypto-cbc"])
        #expect(names("capi:adiantum(xchacha12,aes)-plain64").contains("crypto-xchacha12"))
    }

    @Test @LoopActor func modulesOfAnotherKernelAreRefused() async throws {
        let kernel = try await DebianKernel.get()
        let folder = try TestTree()
        let other = folder.path.appending("9.9.9-other")
        try folder.write("9.9.9-other/kernel/a.ko", "")
        var tree = InitramfsTree()

        #expect(
            throws: GeneratorError.otherRelease(
                kernel: kernel.release, modules: "9.9.9-other", FileTree.resolved(other))
        ) { try tree.addModules(["a"], of: kernel, folder: FileTree.resolved(other)) }
    }
}
