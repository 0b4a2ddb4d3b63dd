import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite(.enabled(if: KernelBuildFixture.missing == nil, KernelBuildFixture.missing ?? ""))
struct KernelCacheTests {
    private let fixture: KernelBuildFixture

    init() throws {
        TestLoop.start()
        fixture = try KernelBuildFixture()
    }

    @Test @LoopActor func theSameBuildIsAnsweredWithoutMake() async throws {
        let first = try await fixture.build()
        // The program's own time counts, so this one was there before.
        var second = try await fixture.build()
        second.isCached = false

        #expect(second == first)
        #expect(try await fixture.build().isCached)
    }

    @Test @LoopActor func aRawConfigurationIsAnsweredToo() async throws {
        let first = try await fixture.build(configured: false)
        // As `make olddefconfig` may do.
        let whole = fixture.config + "# CONFIG_EXTRA is not set\n"
        #expect(!first.isCached)
        #expect(try await fixture.build(configured: false).isCached)
        fixture.config = whole
        #expect(try await !fixture.build(configured: false).isCached)
    }

    /// Each part of the key, changed alone.
    @Test(arguments: [
        "source", "same size and time", "new file", "mode", "config", "target", "make", "compiler",
        "wrapper", "flags", "user", "epoch", "firmware", "modules", "cross", "linker",
        "make itself", "compile_commands",
    ])
    @LoopActor func aChangedPartIsNoHit(part: String) async throws {
        let firmware = fixture.tree.beside("firmware")
        try AtomicFile.write([1], to: firmware)
        fixture.config +=
            "CONFIG_EXTRA_FIRMWARE=\"firmware\"\n"
            + "CONFIG_EXTRA_FIRMWARE_DIR=\"\(firmware.removingLastComponent())\"\n"
        try fixture.program("cc1", "exec /usr/bin/gcc \"$@\"")
        try fixture.program("thin", "exec \"$@\"")
        fixture.request.toolchain.variables["CC"] = "cc1"
        let first = try await fixture.build()
        #expect(try await fixture.build().isCached)

        switch part {
        case "source": try fixture.tree.write("lib/extra.c", "int extra;\n")
        case "same size and time":
            try await fixture.tree.shell(
                "touch -r lib/extra.c ../time; sed -i 's/return 1/return 2/' lib/extra.c;"
                    + " touch -r ../time lib/extra.c")
        case "new file": try fixture.tree.write("lib/new.h", "")
        case "mode": try await fixture.tree.shell("chmod +x lib/extra.c")
        case "config": fixture.config += "CONFIG_EXTRA=y\n"
        case "target": fixture.request.targets = ["vmlinux"]
        case "make": fixture.request.toolchain.variables["W"] = "1"
        case "compiler": try fixture.program("cc1", "# changed\nexec /usr/bin/gcc \"$@\"")
        case "cross": fixture.request.toolchain.cross = "/usr/bin/"
        case "linker": try fixture.program("ld", "exec /usr/bin/ld \"$@\"")
        case "make itself": try fixture.program("make", "exec /usr/bin/make \"$@\"")
        case "compile_commands": fixture.request.compileCommands = true
        case "wrapper": fixture.request.toolchain.wrapper = "thin"
        case "flags": fixture.variables["KCFLAGS"] = "-O1"
        case "user": fixture.variables["KBUILD_BUILD_USER"] = "me"
        case "epoch": fixture.variables["SOURCE_DATE_EPOCH"] = "1"
        case "firmware": try AtomicFile.write([2], to: firmware)
        default: fixture.request.modules = false
        }
        let second = try await fixture.build()

        #expect(!second.isCached, "\(part)")
        #expect(second.folder != first.folder, "\(part)")
    }

    @Test @LoopActor func theCommitIsPartOfTheKey() async throws {
        try await fixture.tree.shell("git init -q -b trunk; git add .; git commit -qm one")
        _ = try await fixture.build()
        #expect(try await fixture.build().isCached)

        try await fixture.tree.shell("git commit -q --allow-empty -m two")
        #expect(try await !fixture.build().isCached, "the release may hold the commit")
        try await fixture.tree.shell("git tag v6.1")
        #expect(try await !fixture.build().isCached, "the release may hold the tag")
    }

    @Test @LoopActor func whatIsOfNoMatterIsAHit() async throws {
        let first = try await fixture.build()

        fixture.variables["EDITOR"] = "vi"
        fixture.variables["MAKEFLAGS"] = "--silent"
        fixture.request.jobs = 1
        #expect(try await fixture.build().isCached)
        fixture.config.replace("# Linux/x86 ", with: "# Linux/x86_64 ")
        #expect(try await fixture.build().isCached)
        fixture.config += "# CONFIG_EXTRA is not set\n"
        #expect(try await !fixture.build().isCached)
        fixture.config.replace("# CONFIG_EXTRA is not set\n", with: "")
        try await fixture.tree.shell("touch lib/extra.c")
        #expect(try await fixture.build().isCached)
        fixture.request.out = fixture.tree.beside("elsewhere")
        #expect(try await fixture.build().isCached)
        let copy = try FakeKernelTree("copy")
        let other = try await fixture.build(copy.folder)
        #expect(other.folder == first.folder)
        #expect(other.source == copy.folder, "modules are built in the other one's source")
    }

    @Test @LoopActor func compileCommandsAreOfTheirOwnFolders() async throws {
        fixture.request.compileCommands = true
        _ = try await fixture.build()
        #expect(try await fixture.build().isCached)

        let copy = try FakeKernelTree("copy")
        #expect(try await !fixture.build(copy.folder).isCached)
        fixture.request.out = fixture.tree.beside("elsewhere")
        #expect(try await !fixture.build().isCached)
    }

    @Test @LoopActor func whatABuildDoesNotReadIsAHit() async throws {
        let files = ["arch/arm64/boot/a.dts", "arch/arm64/mm/init.c", "Documentation/mm/a.rst"]
        for file in files { try fixture.tree.write(file, "one\n") }
        _ = try await fixture.build()

        for file in files {
            try fixture.tree.write(file, "another\n")
            #expect(try await fixture.build().isCached, "\(file)")
        }
        for file in ["arch/arm64/crypto/Kconfig", "arch/x86/mm/a.c", "Documentation/Kconfig"] {
            try fixture.tree.write(file, "# new\n")
            #expect(try await !fixture.build().isCached, "\(file)")
        }
    }

    /// As `#include "../arch/arm64/mm/a.h"` in a file of the caller's own would have it.
    @Test(arguments: ["arch/arm64/mm/a.h", "Documentation/mm/a.h"])
    @LoopActor func whatABuildReadsAfterAllIsNotKept(file: String) async throws {
        try fixture.tree.write(file, "one\n")
        try FileTree.makeFolders(fixture.out.appending("lib"))
        try AtomicFile.write(
            Array("deps := \\\n  /src/lib/../\(file) \\\n".utf8),
            to: fixture.out.pushing("lib/.a.o.cmd"))

        _ = try await fixture.build()

        #expect(
            fixture.notes == [
                "the build read `\(file)`, which is not looked at: nothing is kept for reuse"
            ])
        #expect(try await !fixture.build().isCached)
    }

    @Test @LoopActor func contentsAreReadOnlyWhereSomethingWasTouched() async throws {
        let source = try KernelSource(folder: fixture.tree.folder, origin: .folder)
        func contents() async throws -> String {
            try await KernelIdentity.read(
                source, for: .x86_64, besides: "/nowhere", cache: fixture.cache, settledAfter: .zero
            ).contents
        }
        let first = try await contents()
        let memory = fixture.cache.path(of: "identities")
        let name = try #require(FileTree.names(in: memory).first)
        try AtomicFile.write(
            Array(String(repeating: "f", count: 32).utf8), to: memory.appending(name))

        #expect(try await contents() == String(repeating: "f", count: 32))
        try await fixture.tree.shell("touch Kconfig")
        #expect(try await contents() == first)
    }

    @Test @LoopActor func aDamagedEntryIsBuiltAgain() async throws {
        let first = try await fixture.build()
        try AtomicFile.write([1], to: try #require(first.image))

        let second = try await fixture.build()

        #expect(!second.isCached)
        #expect(
            second
                == {
                    var copy = first
                    copy.isCached = false
                    return copy
                }())
    }

    @Test @LoopActor func aSourceThatChangesMeanwhileAnswersForNothing() async throws {
        try fixture.program(
            "meddling", "echo >>'\(fixture.tree.folder)/Kconfig'; exec gcc \"$@\"")
        fixture.request.toolchain.variables["CC"] = "meddling"

        let first = try await fixture.build()

        #expect(first.isStale)
        #expect(
            fixture.notes == ["the source changed while it was built: nothing is kept for reuse"])
        let text = try await fixture.tree.shell(
            "git diff --no-index --stat /dev/null Kconfig || true")
        #expect(!text.isEmpty)
        #expect(try await !fixture.build().isCached)
    }

    @Test @LoopActor func twoBuildsAtOnceMakeItOnce() async throws {
        let fixture = fixture
        try fixture.program(
            "counting", "echo >>'\(fixture.tree.beside("count"))'; sleep 0.3; exec gcc \"$@\"")
        fixture.request.toolchain.variables["CC"] = "counting"
        let done = Broadcast()
        var kernels: [BuiltKernel] = []
        for _ in 0..<2 {
            LoopActor.task {
                if let kernel = try? await fixture.build() { kernels.append(kernel) }
                done.notify()
            }
        }

        _ = try await done.wait(until: .after(.seconds(30))) { kernels.count == 2 }

        #expect(kernels.map(\.isCached).sorted { !$0 && $1 } == [false, true])
        #expect(try readSmallFile(fixture.tree.beside("count"), limit: 99).count == 1)
    }

    @Test @LoopActor func theSizeIsBounded() async throws {
        let first = try await fixture.build()
        utimes(first.folder.string, [timeval(), timeval()])
        fixture.variables["QSH_CACHE_SIZE"] = "1K"
        fixture.config += "CONFIG_EXTRA=y\n"
        // A lease of this very process would keep it.
        let limit = CacheLimit(
            cache: fixture.cache, environment: HostEnvironment(fixture.variables))
        #expect(limit.limit == 1024)
        try FileTree.makeFolders(fixture.cache.path(of: "kernel-old").appending("x"))
        try FileTree.makeFolders(fixture.cache.path(of: "linux-source_amd64"))

        let second = try await fixture.build()

        #expect(FileTree.isFolder(second.folder))
        #expect(FileTree.isFolder(first.folder), "it is in use")
        #expect(!FileTree.isFolder(fixture.cache.path(of: "kernel-old")))
        #expect(FileTree.isFolder(fixture.cache.path(of: "linux-source_amd64")), "not bounded")
        let names = try await limit.entries().map(\.name)
        #expect(
            Set(names).isSuperset(
                of: [first, second].compactMap { $0.folder.lastComponent?.string }))
    }

    @Test @LoopActor func cleaningLeavesWhatIsInUse() async throws {
        let kernel = try await fixture.build()
        try FileTree.makeFolders(fixture.cache.path(of: "kernel-old"))
        let limit = CacheLimit(cache: fixture.cache)

        let removed = try await limit.clean().map(\.name)

        #expect(removed.contains("kernel-old"))
        #expect(!removed.contains(kernel.folder.lastComponent?.string ?? ""))
        #expect(FileTree.isFolder(kernel.folder))
    }

    @Test @LoopActor func whatIsInUseStaysWhereTheCacheIsNotAsked() async throws {
        let first = try await fixture.build()
        fixture.request.usesCache = false

        let second = try await fixture.build()

        #expect(first.folder != second.folder)
        #expect(BuiltKernel(first.folder, arch: fixture.request.toolchain.arch)?.image != nil)
        #expect(!second.isCached)
    }
}
