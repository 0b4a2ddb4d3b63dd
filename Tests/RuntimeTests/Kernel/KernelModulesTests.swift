import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct KernelModulesTests {
    init() { TestLoop.start() }

    @LoopActor
    private func debian() async throws -> KernelModules {
        let kernel = try await DebianKernel.get()
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

        let order = try modules.resolve(modules.names)

        #expect(order.count == modules.names.count)
    }

    @Test func whatWasBuiltAndIsNotThereIsGone() throws {
        let tree = try TestTree()
        try tree.write("kernel/here.ko.xz", "")
        try tree.write("modules.builtin", "kernel/inside.ko\n")
        try tree.write("modules.order", "kernel/here.ko\nkernel/lost-one.ko\nkernel/other.ko\n")
        let modules = try KernelModules(folder: tree.path)
        #expect(modules.gone(among: ["here", "inside", "lost_one", "never"]) == ["lost_one"])
    }

    /// Only what depmod wrote is read: the modules are empty files.
    @Test func whatDepmodWroteIsUsed() throws {
        let tree = try TestTree()
        for name in ["kernel/a.ko.xz", "kernel/b-b.ko.xz", "kernel/c.ko.xz", "updates/c.ko"] {
            try tree.write(name, "")
        }
        try tree.write(
            "modules.dep",
            "kernel/a.ko.xz: kernel/b-b.ko.xz updates/c.ko\nupdates/c.ko:\nkernel/b-b.ko.xz:\n")
        try tree.write("modules.softdep", "# comment\nsoftdep c pre: gone post: b_b\n")
        try tree.write("modules.alias", "alias pci:v00001AF4* b-b\n")
        let modules = try KernelModules(folder: tree.path)

        #expect(
            try modules.resolve(["a"]).map(\.string)
                == ["updates/c.ko", "kernel/b-b.ko.xz", "kernel/a.ko.xz"]
                .map { "\(tree.path)/\($0)" })
        #expect(names(try modules.resolve(["pci:v00001AF4d1"])) == ["b-b.ko"])
    }

    @Test func namesWhatIsMissing() throws {
        let tree = try TestTree()
        try tree.write("kernel/virtio_console.ko", "")
        try tree.write("kernel/lost.ko", "")
        try tree.write("kernel/x.ko", "")
        try tree.write("kernel/y.ko", "")
        try tree.write(
            "modules.dep",
            "kernel/lost.ko: kernel/gone.ko\nkernel/x.ko: kernel/y.ko\nkernel/y.ko: kernel/x.ko\n")
        try tree.write("modules.builtin", "kernel/fs/ext4/ext4.ko\n")
        let modules = try KernelModules(folder: tree.path)
        let folder = tree.path

        #expect(try modules.resolve(["ext4"]) == [])
        for (name, diagnostic) in [
            (
                "virtio-consol",
                Diagnostic(
                    .usage, "module `virtio-consol`: no such module in `\(folder)`",
                    hint: "did you mean `virtio_console`?")
            ),
            (
                "lost",
                Diagnostic(
                    .usage, "module `lost`: it needs `gone`, which is not in `\(folder)`",
                    hint: "install or build the modules again")
            ),
            (
                "x",
                Diagnostic(
                    .usage, "modules that need each other cannot be loaded: x needs y needs x")
            ),
        ] {
            let error = #expect(throws: KernelModulesError.self) { try modules.resolve([name]) }
            #expect(error?.diagnostic == diagnostic)
        }
    }

    @Test func refusesFilesThatAreNoModules() throws {
        let tree = try TestTree()
        let text = try tree.write("text.ko", "hello")
        let packed = try tree.write("packed.ko.xz", "")
        // A section table that points far outside, and one that overlaps everything.
        var elf = FakeKernel.elf(machine: 62, type: 1)
        elf.replaceSubrange(40..<48, with: [UInt8](repeating: 0xff, count: 8))
        elf.replaceSubrange(58..<64, with: [64, 0, 255, 255, 1, 0])
        try tree.write("far.ko", elf)
        elf.replaceSubrange(40..<48, with: [UInt8](repeating: 0, count: 8))
        elf.replaceSubrange(58..<64, with: [64, 0, 8, 0, 1, 0])
        try tree.write("overlap.ko", elf)
        let modules = try KernelModules(folder: tree.path)

        for (name, message) in [
            ("text", "module `\(text)`: expected an ELF file with a .modinfo section"),
            ("packed", "module `\(packed)`: damaged: XZ-compressed data is corrupt"),
            ("far", "module `\(tree.path)/far.ko`: expected an ELF file with a .modinfo section"),
            (
                "overlap",
                "module `\(tree.path)/overlap.ko`: expected an ELF file with a .modinfo section"
            ),
        ] {
            let error = #expect(throws: KernelModulesError.self) { try modules.resolve([name]) }
            #expect(error?.diagnostic.message == message)
        }
        let error = #expect(throws: KernelModulesError.self) {
            try KernelModules(folder: "/no/such/folder")
        }
        #expect(
            error?.diagnostic.message
                == "modules `/no/such/folder`: expected a folder such as lib/modules/6.1.0,"
                + " found no modules")
    }

    /// As Debian ships them from 13 on, and Fedora and Arch.
    @Test(arguments: [
        (".xz", ["xz", "--check=crc32"]), (".gz", ["gzip"]), (".zst", ["zstd", "-q", "--rm"]),
    ])
    @LoopActor func compressedModulesAreDecompressedIntoTheCache(
        ending: String, tool: [String]
    ) async throws {
        let plain = try await debian().resolve(["virtio_pci"])
        let tree = try TestTree()
        mkdir(tree.path.appending("modules").string, 0o755)
        let copies = try plain.map { file in
            tree.path.appending("modules").appending(try #require(file.lastComponent))
        }
        for (file, copy) in zip(plain, copies) {
            try AtomicFile.write(try bytes(of: file), to: copy)
        }
        let result = try await CommandRunner.run(
            Command(tool + copies.map(\.string)), until: .after(.seconds(60)))
        try #require(result.succeeded, "\(result.errorText)")
        let modules = try KernelModules(folder: tree.path.appending("modules"))
        let cache = Cache(root: tree.path.appending("cache"))

        let files = try modules.resolve(["virtio_pci"])
        let loadable = try modules.resolveLoadable(["virtio_pci"], cache: cache)

        #expect(files == copies.map { FilePath($0.string + ending) })
        #expect(loadable.map(\.lastComponent?.string) == plain.map(\.lastComponent?.string))
        for (file, original) in zip(loadable, plain) {
            #expect(try bytes(of: file) == bytes(of: original))
        }
        #expect(try modules.resolveLoadable(["virtio_pci"], cache: cache) == loadable)
    }

    private func bytes(of file: FilePath) throws -> [UInt8] {
        try readSmallFile(file, limit: 4 << 20)
    }

    /// Any damage to a real module is an error or another answer, never a crash.
    @Test @LoopActor func damagedModulesDoNotCrash() async throws {
        let files = try await debian().resolve(["virtio_pci"])
        let path = try #require(files.last)
        let original = try bytes(of: path)
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        let tree = try TestTree()
        for _ in 0..<200 {
            var bytes = original
            let table = Int(LittleEndianBytes(bytes).u64(40) ?? 0)
            for _ in 0..<4 {
                let place =
                    Bool.random(using: &random)
                    ? Int.random(in: 0..<64, using: &random)
                    : Int.random(in: table..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) {
                bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
            }
            try tree.write("m.ko", bytes)
            do { _ = try KernelModules(folder: tree.path).resolve(["m"]) } catch {
                #expect(!error.diagnostic.message.isEmpty, "seed \(seed)")
            }
        }
    }
}
