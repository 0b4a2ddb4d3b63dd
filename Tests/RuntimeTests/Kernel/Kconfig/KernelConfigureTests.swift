import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// The contract, with a makefile in the place of the kernel's: `olddefconfig` takes `GONE` away
/// while `NEEDED` is off.
@Suite struct KernelConfigureTests {
    private let folder: TemporaryDirectory
    private let configure: KernelConfigure

    init() throws {
        TestLoop.start()
        folder = try TemporaryDirectory()
        let tree = folder.path.appending("tree")
        try FileTree.makeFolders(tree)
        try AtomicFile.write(
            Array(
                """
                defconfig:
                \t@printf 'CONFIG_A=y\\nCONFIG_N=1\\n' >$(O)/.config
                olddefconfig:
                \t@grep -q NEEDED=y $(O)/.config || sed -i /_GONE=/d $(O)/.config
                \t@sed -i /NEDED/d $(O)/.config

                """.utf8), to: tree.appending("Makefile"))
        try AtomicFile.write(
            Array(
                """
                config A
                \tbool "A"
                config N
                \tint "N"
                config NEEDED
                \tbool "Needed"
                config GONE
                \tbool "Gone"
                \tdepends on NEEDED
                config MASK
                \thex "Mask"

                """.utf8), to: tree.appending("Kconfig"))
        configure = KernelConfigure(
            tree: tree, arch: .x86_64, out: folder.path.appending("out"))
    }

    @LoopActor
    private func run(_ request: KernelConfigRequest) async throws -> KernelConfigResult {
        try await configure.run(request, until: .after(.seconds(60)))
    }

    private func fragment(_ name: String, _ text: String) throws -> FilePath {
        let path = folder.path.appending(name)
        try AtomicFile.write(Array(text.utf8), to: path)
        return path
    }

    @Test @LoopActor
    func whatIsAskedForIsMergedInItsOrder() async throws {
        let result = try await run(
            .init(
                base: .target("defconfig"),
                fragments: [try fragment("f", "CONFIG_NEEDED=y\nCONFIG_N=5\n")],
                set: ["N": .number("7"), "MASK": .number("255"), "GONE": .string("y")]))

        #expect(result.config["A"] == .yes)
        #expect(result.config["N"] == .number("7"), "`set` wins over fragments")
        #expect(result.config["MASK"] == .number("0xff"), "a hex symbol gets its notation")
        #expect(result.config["GONE"] == .yes)
        #expect(result.isChanged)
    }

    @Test @LoopActor
    func theSameAgainLeavesTheFileAsItWas() async throws {
        let request = KernelConfigRequest(base: .target("defconfig"), set: ["N": .number("7")])
        let first = try await run(request)
        var before = stat()
        stat(first.path.string, &before)

        #expect(try await run(request).isChanged == false)
        var after = stat()
        stat(first.path.string, &after)
        #expect(after.st_mtim.tv_sec == before.st_mtim.tv_sec)
        #expect(after.st_mtim.tv_nsec == before.st_mtim.tv_nsec)
    }

    @Test @LoopActor
    func whatDidNotSurviveIsExplainedAndCured() async throws {
        _ = try await run(.init(base: .target("defconfig"), set: ["N": .number("3")]))
        let error = await #expect(throws: KernelConfigUnmet.self) {
            try await self.run(
                .init(base: .target("defconfig"), set: ["GONE": .yes, "N": .number("9")]))
        }

        #expect(
            error?.diagnostic
                == Diagnostic(
                    .configUnmet,
                    "configuration: 1 of 2 settings did not survive: `GONE`",
                    notes: [
                        "`GONE=y` (`set`) is `n`: it depends on `NEEDED` (n, Kconfig:9) "
                            + "(defined at Kconfig:7)"
                    ], hint: "add `set = { NEEDED = true }`"))
        let kept = try KernelConfig.read(configure.out)
        #expect(kept["N"] == .number("3"), "the old configuration comes back")
    }

    @Test @LoopActor
    func whatIsRequiredIsCheckedAndNotSet() async throws {
        await #expect(throws: KernelConfigUnmet.self) {
            try await self.run(.init(base: .target("defconfig"), requires: ["NEEDED"]))
        }
        _ = try await run(.init(base: .target("defconfig"), requires: ["CONFIG_A"]))
    }

    @Test @LoopActor
    func whatIsRequiredIsNamedWithTheFragmentThatHasIt() async throws {
        let error = await #expect(throws: KernelConfigUnmet.self) {
            try await self.run(.init(base: .target("defconfig"), requires: ["KASAN", "A"]))
        }
        #expect(
            error?.diagnostic
                == Diagnostic(
                    .configUnmet, "configuration: 1 of 2 required options are missing: `KASAN`",
                    notes: ["`KASAN=y` (`requires`) is `n`: there is no such symbol"],
                    hint: "build it with `fragments = { \"kasan\" }`"))
    }

    @Test @LoopActor
    func contradictoryFragmentsAreBothNamed() async throws {
        let first = try fragment("one", "CONFIG_A=y\n")
        let second = try fragment("two", "\n# CONFIG_A is not set\n")
        let error = await #expect(throws: KernelConfigError.self) {
            try await self.run(.init(base: .target("defconfig"), fragments: [first, second]))
        }
        #expect(
            error?.diagnostic.message
                == "configuration: `A` is asked for twice: `y` by `\(first):1`, `n` by "
                + "`\(second):2`")
        let decided = try await run(
            .init(base: .target("defconfig"), fragments: [first, second], set: ["A": .yes]))
        #expect(decided.config["A"] == .yes)
    }

    @Test @LoopActor
    func aConfigurationOfAnotherArchitectureIsRefused() async throws {
        let path = try fragment("arm.config", "CONFIG_ARM64=y\n")
        let error = await #expect(throws: KernelConfigError.self) {
            try await self.run(.init(base: .file(path)))
        }
        #expect(
            error?.diagnostic.message
                == "configuration `\(path)`: it is for `arm64`, and the kernel is built for "
                + "`x86_64`")
    }

    @Test @LoopActor
    func aTargetThatTheTreeDoesNotHaveIsNamed() async throws {
        let error = await #expect(throws: KernelConfigError.self) {
            try await self.run(.init(base: .target("defconfg")))
        }
        #expect(
            error?.diagnostic.message
                == "configuration `defconfg`: neither a file nor a target of `x86_64` in this "
                + "tree; did you mean `defconfig`?")
    }

    @Test @LoopActor
    func aMisspeltNameThatShallBeOffIsMentioned() async throws {
        let result = try await run(.init(base: .target("defconfig"), set: ["NEDED": .no]))
        #expect(
            result.notes == [
                "`NEDED` is off as asked, but no Kconfig file knows it; did you mean `NEEDED`?"
            ])
    }

    @Test func missingOptionsAreNamedWithTheFragmentThatCuresIt() throws {
        let config = KernelConfig([("VIRTIO_BLK", .module), ("NET", .no)])
        let error = #expect(throws: KernelConfigUnmet.self) {
            try KernelRequirements.check(
                ["VIRTIO_BLK", "VIRTIO_NET", "CONFIG_RD_ZSTD"], in: config, of: "kernel `k`")
        }
        #expect(
            error?.diagnostic
                == Diagnostic(
                    .configUnmet,
                    "kernel `k`: 2 of 3 required options are missing: `RD_ZSTD`, `VIRTIO_NET`",
                    notes: [
                        "`RD_ZSTD=y` (`requires`) is `n`: the configuration does not have it",
                        "`VIRTIO_NET=y` (`requires`) is `n`: the configuration does not have it",
                    ],
                    hint: "build it with `fragments = { \"initramfs\", \"virtio\" }`"))
    }

    @Test @LoopActor func whatAMachinesOptionsRelyOnIsMissedBeforeTheBoot() async throws {
        let folder = try TestTree()
        let image = try folder.write("arch/x86/boot/bzImage", FakeKernel.bzImage())
        try folder.write(".config", "CONFIG_VIRTIO_BLK=y\nCONFIG_9P_FS=m\n")
        var configuration = MachineConfiguration(kernel: image)
        configuration.drives = [QEMUOption("disk.img")]
        try await KernelRequirements.check(configuration)
        configuration.shares = [HostShare(folder.path, at: "/mnt")]
        configuration.netdevs = [QEMUOption("user")]
        let error = await #expect(throws: KernelConfigUnmet.self) {
            try await KernelRequirements.check(configuration)
        }
        #expect(
            error?.diagnostic
                == Diagnostic(
                    .configUnmet,
                    "kernel `\(image)`: 2 of 4 required options are missing: `NET_9P_VIRTIO`, "
                        + "`VIRTIO_NET`",
                    notes: [
                        "`NET_9P_VIRTIO=y` (`share`) is `n`: the configuration does not have it",
                        "`VIRTIO_NET=y` (`netdev`) is `n`: the configuration does not have it",
                    ],
                    hint: "build it with `fragments = { \"virtio\" }`"))
    }

    @Test func everyFragmentOfQshIsPartOfTheProgram() throws {
        let folder = FilePath(#filePath).removingLastComponent()
            .appending("../../../../scripts/config")
        let files = FileTree.names(in: folder)
        #expect(KernelFragment.ofQsh.map { $0.name + ".config" } == files)
        for fragment in KernelFragment.ofQsh {
            let file = try KernelConfig.read(folder.appending(fragment.file))
            #expect(fragment.config.text == file.text)
        }
    }
}
