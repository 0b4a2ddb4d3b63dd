import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct GeneratorTests {
    init() { TestLoop.start() }

    @LoopActor private func generate(
        _ hooks: String..., change: (inout GeneratorConfiguration) -> Void = { _ in }
    ) async throws -> GeneratedInitramfs {
        var configuration = GeneratorConfiguration(
            kernel: try await DebianKernel.get(), hooks: try InitramfsHook.named(hooks))
        change(&configuration)
        return try await InitramfsGenerator(configuration).generate()
    }

    private func list(_ made: GeneratedInitramfs) -> [String] {
        made.tree.text(InitramfsTree.moduleListPath).split(separator: "\n").compactMap {
            $0.split(separator: "/").last.map { String($0.dropLast(3)) }
        }
    }

    /// What is proven to bring an IDE disk up, in an order that works.
    @Test @LoopActor func disksOfMachinesAreInTheListInOrder() async throws {
        let names = list(try await generate("base", "block"))

        let order = ["scsi_common", "scsi_mod", "libata", "ata_piix", "virtio_pci", "virtio_blk"]
        #expect(Set(order + ["sd_mod"]).subtracting(names).sorted() == [])
        for (first, second) in zip(order.prefix(3), order.dropFirst()) {
            let places = try (
                #require(names.firstIndex(of: first)), #require(names.firstIndex(of: second))
            )
            #expect(places.0 < places.1, "\(first) before \(second)")
        }
    }

    @Test @LoopActor func theCipherOfTheHeaderDecides() async throws {
        let folder = try TestTree()
        let magic: [UInt8] = Array("LUKS".utf8) + [0xba, 0xbe, 0, 1]
        var header = magic + Array("aes".utf8)
        header += [UInt8](repeating: 0, count: 40 - header.count) + Array("xts-plain64".utf8)
        header += [UInt8](repeating: 0, count: 4096 - header.count)
        let disk = try folder.write("disk", header)

        let made = try await generate("base", "encrypt") { $0.rootDisks = [disk] }

        let names = list(made)
        #expect(Set(["dm-mod", "dm-crypt", "ecb", "xts"]).subtracting(names).sorted() == [])
        let ecb = try #require(names.firstIndex(of: "ecb"))
        #expect(try ecb < #require(names.firstIndex(of: "xts")))
        let chain = try #require(made.tree.why(named: "xts"))
        #expect(chain.first?.reason.text.contains("LUKS header of `\(disk)`") == true)
        let paths = Set(made.tree.entries.compactMap { $0.path.display.split(separator: "/").last })
        #expect(paths.contains("libgcc_s.so.1"))
    }

    /// What mkinitcpio's hooks of these names bring: there to be asked for, and not loaded.
    @Test(arguments: [
        ("encrypt", ["serpent_generic", "twofish_generic", "dm-integrity"]),
        ("lvm2", ["dm-raid", "dm-cache-smq", "dm-writecache", "raid456"]),
        ("resume", ["lz4", "lzo"]),
    ])
    @LoopActor func withoutAHeaderAllThatMayBeAskedForIsThere(
        hook: String, modules: [String]
    ) async throws {
        let made = try await generate("base", hook)
        let there = Set(
            made.tree.entries.compactMap { KernelModuleFile($0.path.display)?.name })
        let wanted = modules.map(KernelModuleFile.canonical)
        #expect(Set(wanted).subtracting(there).sorted() == [])
        #expect(Set(list(made)).intersection(modules).sorted() == [])
    }

    /// The tables by which busybox's modprobe finds what is not in the list.
    @Test @LoopActor func modprobeTablesNameWhatComesFirstLast() async throws {
        let made = try await generate("base", "filesystems")
        let release = made.kernel.release
        let lines = made.tree.text("/lib/modules/\(release)/modules.dep").split(separator: "\n")

        let btrfs = try #require(lines.first { $0.hasPrefix("kernel/fs/btrfs/btrfs.ko:") })

        #expect(btrfs.contains("/xor.ko"))
        #expect(!list(made).contains("btrfs"))
    }

    @Test @LoopActor func aKernelWithoutModulesNeedsNone() async throws {
        let folder = try TestTree()
        let image = try folder.write("bzImage", FakeKernel.bzImage())
        let kernel = try Kernel(image: image, origin: .asked)
        let configuration = GeneratorConfiguration(
            kernel: kernel, hooks: try InitramfsHook.named(["base", "block"]))

        let made = try await InitramfsGenerator(configuration).generate()

        #expect(made.remarks.first?.hasPrefix("no modules of `6.1.0-test-amd64`") == true)
        var asking = configuration
        asking.modules = ["loop"]
        #expect(throws: GeneratorError.self) { try InitramfsGenerator(asking) }
    }

    @Test @LoopActor func aCodecThatTheKernelLacksIsRefused() async throws {
        let folder = try TestTree()
        try folder.write("boot/vmlinuz-6.1.0-test-amd64", FakeKernel.bzImage())
        try folder.write(
            "boot/config-6.1.0-test-amd64",
            "CONFIG_BLK_DEV_INITRD=y\nCONFIG_RD_GZIP=y\n# CONFIG_RD_ZSTD is not set\n")
        let kernel = try KernelFinder.at(folder.path)
        var configuration = GeneratorConfiguration(
            kernel: kernel, hooks: try InitramfsHook.named(["base"]))
        configuration.compression = try InitramfsCompression("gzip")
        _ = try InitramfsGenerator(configuration)
        configuration.compression = try InitramfsCompression("zstd")

        let error = #expect(throws: GeneratorError.self) { try InitramfsGenerator(configuration) }
        #expect(
            error?.diagnostic.message
                == "compression `zstd`: kernel `6.1.0-test-amd64` cannot unpack it, for it lacks "
                + "`CONFIG_RD_ZSTD`")
    }

    @Test @LoopActor func aKernelThatTakesNoInitramfsIsRefused() throws {
        let folder = try TestTree()
        try folder.write("boot/vmlinuz-6.1.0-test-amd64", FakeKernel.bzImage())
        let config = try folder.write(
            "boot/config-6.1.0-test-amd64", "# CONFIG_BLK_DEV_INITRD is not set\n")
        let configuration = GeneratorConfiguration(
            kernel: try KernelFinder.at(folder.path), hooks: try InitramfsHook.named(["base"]))

        let error = #expect(throws: GeneratorError.self) { try InitramfsGenerator(configuration) }
        #expect(
            error?.diagnostic
                == Diagnostic(
                    .usage,
                    "kernel `6.1.0-test-amd64`: it takes no initramfs, for it lacks "
                        + "`CONFIG_BLK_DEV_INITRD`",
                    notes: ["its configuration is `\(config)`"],
                    hint: "build it with `fragments = { \"initramfs\" }`"))
    }

    @Test @LoopActor func aBaseHookThatMakesNoInitIsRefused() async throws {
        let configuration = GeneratorConfiguration(
            kernel: try await DebianKernel.get(),
            hooks: [try InitramfsHook(named: "base", "", points: [:]) { _ in }])
        await #expect(throws: GeneratorError.noInit) {
            _ = try await InitramfsGenerator(configuration).generate()
        }
    }

    /// A hook that fails leaves no image and no half state behind.
    @Test @LoopActor func aHooksErrorIsTheGenerators() async throws {
        struct Stop: Error {}
        let hook = try InitramfsHook(named: "mine", "", points: [:]) { _ in throw Stop() }
        var configuration = GeneratorConfiguration(
            kernel: try await DebianKernel.get(), hooks: try InitramfsHook.named(["base"]))
        configuration.hooks.append(hook)

        await #expect(throws: Stop.self) {
            try await InitramfsGenerator(configuration).generate()
        }
        #expect(throws: GeneratorError.self) {
            try InitramfsHook(named: "a/b", "", points: [:]) { _ in }
        }
    }

    @Test func reasonsSurviveTheirFile() throws {
        let one = try InitramfsPath("/a b")
        let reasons: [InitramfsPath: PickReason] = [
            one: PickReason(.library, "library of", hook: "h", because: try InitramfsPath("/c")),
            try InitramfsPath("/c"): PickReason(.program, "asked\tfor"),
        ]

        let read = ReasonFile.parse(Array(ReasonFile.text(reasons).utf8))

        #expect(read[one] == reasons[one])
        #expect(read[try InitramfsPath("/c")]?.text == "asked for")
    }
}
