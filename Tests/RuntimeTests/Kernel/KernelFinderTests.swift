import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct KernelFinderTests {
    private let tree: TestTree
    private static let release = "6.1.0-test-amd64"

    init() throws {
        TestLoop.start()
        tree = try TestTree()
    }

    @LoopActor
    private func find(
        _ path: FilePath? = nil, _ variables: [String: String] = [:], arch: Arch? = nil
    ) async throws -> Kernel {
        try await KernelFinder.find(
            asked: path, arch: arch, environment: HostEnvironment(variables), progress: { _ in })
    }

    private func at(_ name: String) -> FilePath { tree.path.appending(FilePath(name).components) }

    /// The one big download of the tests: 26 MB, kept in the user's cache.
    @Test @LoopActor func debiansKernelComesWithItsModulesAndConfig() async throws {
        let kernel = try await DebianKernel.get()

        #expect(kernel.origin == .debian)
        #expect(kernel.arch == .x86_64)
        #expect(kernel.format == .bzImage)
        #expect(kernel.image.lastComponent?.string == "vmlinuz-\(kernel.release)")
        #expect(kernel.config?.lastComponent?.string == "config-\(kernel.release)")
        #expect(kernel.modules?.lastComponent?.string == kernel.release)
    }

    /// Debian up to 12, as a package and as a running system.
    @Test @LoopActor func findsTheFilesOfTheOldLayout() async throws {
        let release = Self.release
        try tree.write("boot/vmlinuz-\(release)", FakeKernel.bzImage())
        try tree.write("boot/config-\(release)", "")
        try tree.write("lib/modules/\(release)/modules.builtin", "")

        for path in ["", "boot", "boot/vmlinuz-\(release)"] {
            let kernel = try await find(at(path))
            #expect(kernel.image == at("boot/vmlinuz-\(release)"))
            #expect(kernel.release == release)
            #expect(kernel.config == FileTree.resolved(at("boot/config-\(release)")))
            #expect(kernel.modules == FileTree.resolved(at("lib/modules/\(release)")))
            #expect(kernel.origin == .asked)
        }
    }

    @Test @LoopActor func findsTheFilesOfTheNewLayout() async throws {
        let release = Self.release
        let modules = "usr/lib/modules/\(release)"
        try tree.write("\(modules)/vmlinuz", FakeKernel.bzImage())
        try tree.write("\(modules)/config", "")

        for path in ["", modules, "\(modules)/vmlinuz"] {
            let kernel = try await find(at(path))
            #expect(kernel.image == at("\(modules)/vmlinuz"))
            #expect(kernel.config == at("\(modules)/config"))
            #expect(kernel.modules == at(modules))
        }
    }

    @Test @LoopActor func findsTheImageOfABuildFolder() async throws {
        try tree.write("arch/x86/boot/bzImage", FakeKernel.bzImage())
        try tree.write("vmlinux", "")
        try tree.write(".config", "")

        let kernel = try await find(tree.path)

        #expect(kernel.image == at("arch/x86/boot/bzImage"))
        #expect(kernel.config == at(".config"))
        #expect(kernel.modules == nil)
    }

    @Test @LoopActor func takesTheReleaseFromNamesAndContents() async throws {
        var image = FakeKernel.with("ARM\u{64}", at: 0x38)
        try tree.write("vmlinuz-6.1.0-9-arm64", image)
        #expect(try await find(at("vmlinuz-6.1.0-9-arm64")).release == "6.1.0-9-arm64")

        try tree.write("Image", image)
        #expect(try await find(at("Image")).release == "unknown")

        // Across the border of two reads, and after the format string of the same text.
        image += [UInt8](repeating: 1, count: (1 << 20) - image.count - 5)
        image += Array("Linux version %s\0Linux version 6.9.1-rc2+ (me@here)".utf8)
        try tree.write("Image", image)
        #expect(try await find(at("Image")).release == "6.9.1-rc2+")
        #expect(try await find(at("Image")).arch == .arm64)
    }

    @Test @LoopActor func aKernelOfAnotherArchitectureIsRefused() async throws {
        let image = try tree.write("Image", FakeKernel.with("ARM\u{64}", at: 0x38))

        let error = await #expect(throws: KernelFinderError.self) {
            try await find(image, arch: .riscv64)
        }

        #expect(
            error?.diagnostic
                == Diagnostic(
                    .usage,
                    "kernel `\(image)`: the kernel is for arm64, but the machine is riscv64",
                    hint: "set `arch = \"arm64\"`, or choose another kernel"))
    }

    @Test @LoopActor func theNewestOfSeveralCounts() async throws {
        for number in [9, 56, 10] {
            try tree.write("boot/vmlinuz-6.1.0-\(number)-amd64", FakeKernel.bzImage())
        }
        #expect(try await find(tree.path).image == at("boot/vmlinuz-6.1.0-56-amd64"))
    }

    @Test(arguments: [
        ("6.1.0-9", "6.1.0-56", true), ("6.1.0-56", "6.1.0-9", false), ("6.1", "6.1.1", true),
        ("6.1.0", "6.1.0", false), ("6.1-rc1", "6.1-rc2", true), ("", "6.1", true),
    ])
    func ordersReleasesByTheirNumbers(left: String, right: String, isOlder: Bool) {
        #expect(KernelFolder.isOlder(left, right) == isOlder)
    }

    @Test @LoopActor func theEnvironmentNamesOneWhereNobodyAsked() async throws {
        let image = try tree.write("bzImage", FakeKernel.bzImage())
        let other = try tree.write("other", FakeKernel.bzImage(is64Bit: false))

        #expect(try await find(nil, ["QSH_KERNEL": image.string]).origin == .environment)
        #expect(try await find(other, ["QSH_KERNEL": image.string]).image == other)
    }

    @Test @LoopActor func saysWhereTheWrongPathCameFrom() async throws {
        let text = try tree.write("notes", "hello\n")

        let error = await #expect(throws: KernelFinderError.self) {
            try await find(nil, ["QSH_KERNEL": text.string])
        }

        #expect(
            error?.diagnostic.message == "kernel `\(text)`: not a kernel: it is a text file")
        #expect(
            error?.diagnostic.notes
                == ["the path comes from the environment variable QSH_KERNEL"])
    }

    @Test @LoopActor func saysWhatAFolderShouldHold() async throws {
        let error = await #expect(throws: KernelFinderError.self) { try await find(tree.path) }
        #expect(
            error?.diagnostic
                == Diagnostic(
                    .usage,
                    "kernel `\(tree.path)`: the folder holds no kernel: expected boot/vmlinuz-*,"
                        + " lib/modules/*/vmlinuz or a built arch/*/boot/ image",
                    hint: "give the path of the image itself"))
        try tree.write("Kbuild", "")
        let other = await #expect(throws: KernelFinderError.self) { try await find(tree.path) }
        #expect(other?.diagnostic.hint == "it is a source tree: build it first")
    }
}

/// Debian's kernel, fetched once and kept in the user's cache.
enum DebianKernel {
    @LoopActor static func get() async throws -> Kernel {
        try await KernelFinder.debian(.x86_64, try Cache.ofUser(), .current) { _ in }
    }
}
