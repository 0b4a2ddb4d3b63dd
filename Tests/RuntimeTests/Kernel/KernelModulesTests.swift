import Glibc
import QshRuntime
import SystemPackage
import Testing
import TestSupport

@Suite struct KernelModulesTests {
    init() { TestLoop.start() }

    @LoopActor
    private func debian() async throws -> KernelModules {
        let kernel = try await KernelFinder.find(
            arch: .x86_64, environment: try .withoutKernel(), progress: { _ in })
        return try KernelModules(folder: try #require(kernel.modules))
    }

    private func names(_ files: [FilePath]) -> [String] {
        files.compactMap { $0.lastComponent?.stem }
    }

    @Test @LoopActor func virtioComesAfterWhatItNeeds() async throws {
        let modules = try await debian()

        let order = names(try modules.resolve(["virtio_pci", "virtio-console"]))

        #expect(
            Set(order) == [
                "virtio", "virtio_ring", "virtio_pci_legacy_dev", "virtio_pci_modern_dev",
                "virtio_pci", "virtio_console",
            ])
        #expect(order.count == 6)
        let place = { name in try #require(order.firstIndex(of: name)) }
        for (first, second) in [
            ("virtio_ring", "virtio_pci"),
            ("virtio_pci_legacy_dev", "virtio_pci"), ("virtio_pci_modern_dev", "virtio_pci"),
            ("virtio", "virtio_console"),
        ] {
            #expect(try place(first) < place(second), "\(first) before \(second)")
        }
    }

    @Test @LoopActor func softDependenciesAndAliasesAreFollowed() async throws {
        let modules = try await debian()

        #expect(names(try modules.resolve(["xts"])) == ["ecb", "xts"])
        #expect(names(try modules.resolve(["crypto-xts"])) == ["ecb", "xts"])
        #expect(try modules.resolve(["ext4", "nvme"]) == [])
        let card = "pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i00"
        #expect(names(try modules.resolve([card])).last == "virtio_pci")
        #expect(names(try modules.resolve(["btrfs"])).contains("blake2b_generic"))
    }

    @Test @LoopActor func everyModuleOfDebiansKernelCanBeOrdered() async throws {
        let modules = try await debian()
        let start = Deadline.now

        let order = try modules.resolve(modules.names)

        #expect(order.count == modules.names.count)
        print("all \(order.count): \(Deadline.now - start)")
    }

    @Test @LoopActor func timing() async throws {
        let folder = try await debian().folder
        for _ in 0..<3 {
            var start = Deadline.now
            let modules = try KernelModules(folder: folder)
            print("list \(Deadline.now - start)")
            start = Deadline.now
            _ = try modules.resolve(["virtio_pci", "virtio_console"])
            print("resolve \(Deadline.now - start)")
            start = Deadline.now
            _ = try modules.resolve(["crypto-xts"])
            print("alias \(Deadline.now - start)")
        }
    }
}
