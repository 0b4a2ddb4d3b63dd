import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// What a build refuses, in its whole words.
@Suite(.enabled(if: KernelBuildFixture.missing == nil, KernelBuildFixture.missing ?? ""))
struct KernelBuildInputTests {
    private let fixture: KernelBuildFixture

    init() throws {
        TestLoop.start()
        fixture = try KernelBuildFixture()
    }

    @Test @LoopActor func aConfigurationOfAnotherArchitectureIsNamed() async throws {
        fixture.config = "# Linux/arm64 6.1.0 Kernel Configuration\nCONFIG_ARM64=y\n"

        let error = try await fixture.failure()

        #expect(
            error
                == Diagnostic(
                    .usage,
                    "cannot build in `\(fixture.out)`: its `.config` is for `arm64`, the build is"
                        + " for `x86`",
                    hint: "give `arch` what the configuration is for, or configure again"))
    }

    @Test @LoopActor func aFileInTheOutputsPlaceIsNamed() async throws {
        let file = fixture.tree.beside("file")
        try AtomicFile.write([], to: file)
        let source = try KernelSource(folder: fixture.tree.folder, origin: .folder)
        let request = KernelBuildRequest(
            toolchain: fixture.request.toolchain, out: file.appending("out"))

        let error = await #expect(throws: KernelBuildError.self) {
            try await KernelBuild(source, request, cache: fixture.cache).run()
        }

        #expect(
            error?.diagnostic
                == Diagnostic(
                    .usage, "cannot build in `\(file)/out`: not a directory",
                    hint: "give `out` a folder that can be written"))
    }

    @Test @LoopActor func theTreeItselfIsNoOutput() async throws {
        let folder = FileTree.resolved(fixture.tree.folder)
        let source = try KernelSource(folder: folder, origin: .folder)
        let request = KernelBuildRequest(toolchain: fixture.request.toolchain, out: folder)

        let error = await #expect(throws: KernelBuildError.self) {
            try await KernelBuild(source, request, cache: fixture.cache).run()
        }

        #expect(
            error?.diagnostic
                == Diagnostic(
                    .usage,
                    "cannot build in `\(folder)`: it is the source tree itself, which stays clean",
                    hint: "give `out` another folder, or leave it out"))
    }

    @Test @LoopActor func aKilledMakeIsNamedWithItsSignal() async throws {
        try fixture.program("make", "echo '  CC      init/main.o'; kill -9 $$")

        let error = try await fixture.failure()

        #expect(error.verdict == .buildFailed)
        #expect(error.message == "build of `bzImage`: signal 9 killed make")
        #expect(error.notes.last == "the whole log is in `\(fixture.out)/qsh-build.log`")
        unlink(fixture.tree.beside("bin/make").string)
        #expect(try await fixture.build().release == "6.1.0-fake", "the tree does not build on")
    }

    /// A file under the probe's other name stands for a file system that ignores case.
    @Test @LoopActor func aFileSystemThatIgnoresCaseIsNamed() async throws {
        try FileTree.makeFolders(fixture.out)
        try AtomicFile.write([], to: fixture.out.appending(".qsh-pROBE"))

        #expect(
            try await fixture.failure()
                == Diagnostic(
                    .usage,
                    "cannot build in `\(fixture.out)`: its file system takes upper and lower case"
                        + " for the same, and the kernel has files"
                        + " whose names differ in that only",
                    hint: "give `out` a folder on another file system"))
    }

    /// gcc's own and Debian's cross compilers, clang, each by its package.
    @Test(arguments: [
        ("gcc", "aarch64-linux-gnu-", ["gcc-aarch64-linux-gnu", "binutils-aarch64-linux-gnu"]),
        ("llvm-99", nil, ["clang-99", "lld-99", "llvm-99"]),
    ])
    func aToolchainIsNamedByItsPackages(name: String, cross: String?, packages: [String]) throws {
        var toolchain = KernelToolchain(arch: .arm64)
        (toolchain.family, toolchain.suffix) = try #require(KernelToolchain.family(named: name))
        toolchain.cross = cross
        let tools = KernelTool.building(toolchain, KernelConfig())

        let all = Set(tools.compactMap { $0.packages[.apt] })
        #expect(all.isSuperset(of: packages), "\(all.sorted())")
    }
}
