import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite(.enabled(if: KernelBuildFixture.missing == nil, KernelBuildFixture.missing ?? ""))
struct KernelBuildTests {
    private let fixture: KernelBuildFixture

    init() throws {
        TestLoop.start()
        fixture = try KernelBuildFixture()
    }

    private func bytes(_ path: FilePath?) throws -> [UInt8] {
        try readSmallFile(try #require(path), limit: 1 << 20)
    }

    @Test @LoopActor func aBuildGivesEverythingThatBelongsToAKernel() async throws {
        fixture.config += "CONFIG_MODULES=y\n"

        let kernel = try await fixture.build()

        #expect(kernel.release == "6.1.0-fake")
        #expect(kernel.image == kernel.folder.pushing("arch/x86/boot/bzImage"))
        #expect(kernel.vmlinux == kernel.folder.pushing("vmlinux"))
        #expect(kernel.systemMap == kernel.folder.pushing("System.map"))
        #expect(kernel.modules == kernel.folder.pushing("lib/modules/6.1.0-fake"))
        #expect(kernel.headers == kernel.folder.pushing("headers"))
        #expect(kernel.dtbs == nil)
        #expect(kernel.compileCommands == nil)
        #expect(!kernel.isCached)
        #expect(try bytes(kernel.config) == Array(fixture.config.utf8))
        let modules = try #require(kernel.modules)
        #expect(FileTree.isFile(modules.pushing("kernel/drivers/driver.ko")))
        #expect(FileTree.isFile(modules.pushing("modules.dep")), "depmod did not run")
        #expect(try kernel.kernel()?.release == "6.1.0-fake")
        #expect(try kernel.kernel()?.modules == modules)
        #expect(
            try String(decoding: bytes(kernel.log), as: UTF8.self).contains("  LD      vmlinux"))
    }

    @Test @LoopActor func theSourceStaysAsItWas() async throws {
        let before = try await fixture.tree.shell("find . -type f | sort | xargs sha256sum")

        _ = try await fixture.build()

        #expect(try await fixture.tree.shell("find . -type f | sort | xargs sha256sum") == before)
    }

    @Test @LoopActor func stepsAreReportedWithATotalFromTheLastBuild() async throws {
        _ = try await fixture.build()
        let first = fixture.reports.compactMap { $0 }.first { $0.detail == "CC init/main.o" }
        fixture.request.out = fixture.tree.beside("other")
        fixture.request.usesCache = false
        _ = try await fixture.build()
        let second = fixture.reports.compactMap { $0 }.last { $0.detail == "CC init/main.o" }

        #expect(first?.activity == "building")
        #expect(first?.done == 1)
        #expect(first?.unit == "steps")
        #expect(second?.total == 2)
        #expect(fixture.reports.last == .some(nil), "the status line stays")
    }

    @Test @LoopActor func warningsAreListedOnce() async throws {
        fixture.config += "CONFIG_WARN=y\n"

        let kernel = try await fixture.build()
        let again = try await fixture.build()

        #expect(
            kernel.warnings.map(\.displayed)
                == [#"lib/warn.c:4: #warning "nobody reads this" [-Wcpp]"#])
        #expect(again.warnings == kernel.warnings)
    }

    @Test @LoopActor func aCompilersErrorIsNamedWithItsPlaceAndItsCommand() async throws {
        try fixture.tree.write("init/main.c", "int good;\nint bad = nonsense;\n")

        let error = try await fixture.failure()

        #expect(error.verdict == .buildFailed)
        #expect(
            error.message
                == "build of `bzImage`: init/main.c:2: ‘nonsense’ undeclared here (not in a"
                + " function)"
                || error.message
                    == "build of `bzImage`: init/main.c:2: 'nonsense' undeclared here (not in a"
                    + " function)"
        )
        let target = "\(fixture.out)/init/main.o"
        #expect(error.notes.contains("the target that failed is `\(target)`"))
        #expect(error.notes.contains("the whole log is in `\(fixture.out)/qsh-build.log`"))
        let command = error.notes.first { $0.hasPrefix("the command that failed: gcc ") }
        #expect(command?.hasSuffix(" -c -o \(target) \(fixture.tree.folder)/init/main.c") == true)
        #expect(
            error.reproduce?.contains("make -C \(fixture.tree.folder) O=\(fixture.out)") == true)

        try fixture.tree.write("init/main.c", "int good;\n")
        #expect(try await fixture.build().release == "6.1.0-fake", "the tree does not build on")
    }

    @Test @LoopActor func missingToolsAreNamedWithTheirPackagesBeforeMakeStarts() async throws {
        try fixture.program("make", "echo started >>'\(fixture.tree.beside("started"))'")
        fixture.request.toolchain.cross = "riscv64-none-linux-"
        fixture.request.toolchain.wrapper = "nocache"

        let error = try await fixture.failure()

        #expect(
            error.message
                == "cannot build a kernel: `riscv64-none-linux-gcc`, `riscv64-none-linux-ld`,"
                + " `nocache`, `riscv64-none-linux-as`, `riscv64-none-linux-ar`,"
                + " `riscv64-none-linux-nm` and `riscv64-none-linux-objcopy` are missing")
        #expect(error.verdict == .qemuDidNotStart)
        if PackageManager.ofHost == .apt {
            #expect(error.hint?.contains(" gcc-riscv64-none-linux binutils-riscv64-") == true)
        }
        #expect(!FileTree.isFile(fixture.tree.beside("started")))
    }

    @Test @LoopActor func aMissingHeaderIsNamedWithItsPackage() async throws {
        try fixture.program(
            "gcc", #"case "$*" in *" -E "*|-E*) exit 1;; esac; exec /usr/bin/gcc "$@""#)
        fixture.config += "CONFIG_OBJTOOL=y\n"

        let error = try await fixture.failure()

        #expect(error.message == "cannot build a kernel: the header `gelf.h` is missing")
        if PackageManager.ofHost == .apt { #expect(error.hint?.hasSuffix(" libelf-dev") == true) }
    }

    @Test @LoopActor func aMenuWithoutCursesIsRefusedBeforeMakeStarts() async throws {
        try fixture.program(
            "gcc", #"case "$*" in *" -E "*|-E*) exit 1;; esac; exec /usr/bin/gcc "$@""#)
        try fixture.program("make", "echo started >>'\(fixture.tree.beside("started"))'")
        let environment = HostEnvironment(fixture.variables)
        let build = try KernelBuild(
            KernelSource(folder: fixture.tree.folder, origin: .folder, environment: environment),
            fixture.request, cache: fixture.cache, environment: environment)

        let error = await #expect(throws: KernelToolsError.self) {
            try await build.menuconfig(.target("tinyconfig"))
        }

        #expect(
            error?.diagnostic.message == "cannot build a kernel: the header `ncurses.h` is missing")
        if PackageManager.ofHost == .apt {
            #expect(error?.diagnostic.hint?.hasSuffix(" libncurses-dev") == true)
        }
        #expect(!FileTree.isFile(fixture.tree.beside("started")))
    }

    @Test @LoopActor func whatIsRequiredOfAFolderWithoutConfigurationIsNamed() async throws {
        let source = try KernelSource(folder: fixture.tree.folder, origin: .folder)
        let build = try KernelBuild(source, fixture.request, cache: fixture.cache)

        #expect(throws: KernelBuildError.notConfigured(fixture.out)) {
            try build.check(["VIRTIO_BLK"])
        }
    }

    @Test @LoopActor func cancellingEndsMakeAndItsChildrenInTwoSeconds() async throws {
        let pids = fixture.tree.beside("pids")
        // Neither the compiler nor what it has started wants to go.
        try fixture.program(
            "stubborn", "trap '' TERM INT; echo $$ >>'\(pids)'; sleep 600 & wait; sleep 600")
        fixture.request.toolchain.variables["CC"] = "stubborn"
        let fixture = fixture
        let ended = Broadcast()
        var outcome: (any Error)?
        let task = LoopActor.task {
            do { _ = try await fixture.build() } catch { outcome = error }
            ended.notify()
        }
        let limit = Deadline.after(.seconds(30))
        while !FileTree.isFile(pids), !limit.hasPassed {
            _ = try await Broadcast().wait(until: .after(.milliseconds(10))) { false }
        }
        let pid = Int32(
            String(decoding: try readSmallFile(pids, limit: 64), as: UTF8.self)
                .split(separator: "\n").first ?? "")

        task.cancel()
        let inTime = try await ended.wait(until: .after(.seconds(2))) { outcome != nil }

        #expect(inTime, "still not ended after two seconds")
        #expect(outcome is CancellationError)
        let isGone = try await processIsGone(#require(pid), within: .seconds(1))
        #expect(isGone, "the compiler still runs")
        #expect(fixture.reports.last == .some(nil))
        fixture.request.toolchain.variables["CC"] = nil
        #expect(try await fixture.build().release == "6.1.0-fake")
    }

    @Test @LoopActor func whatAKilledCompilerLeftIsMadeAgain() async throws {
        _ = try await fixture.build()
        let object = fixture.out.pushing("init/main.o")
        try AtomicFile.write(Array("half".utf8), to: object)
        try AtomicFile.write(Array("building\n".utf8), to: fixture.out.appending(".qsh-build"))
        fixture.request.usesCache = false

        let kernel = try await fixture.build()

        #expect(
            fixture.notes == ["the last build here was cut off: 1 unfinished files are made again"])
        #expect(try bytes(object) != Array("half".utf8))
        #expect(kernel.release == "6.1.0-fake")
    }

    @Test @LoopActor func killingMakeIsReported() async throws {
        try fixture.program("suicidal", "kill -9 $PPID; kill -9 $(ps -o ppid= -p $PPID) ; sleep 5")
        fixture.request.toolchain.variables["CC"] = "suicidal"

        let error = try await fixture.failure()

        #expect(error.verdict == .buildFailed)
        #expect(error.message.hasPrefix("build of `bzImage`: "))
    }

    @Test @LoopActor func twoFoldersGiveTheSameImage() async throws {
        let other = try KernelBuildFixture()
        let copy = try FakeKernelTree("another-name")
        other.request.out = other.tree.beside("another/out")

        let one = try await fixture.build()
        let two = try await other.build(copy.folder)

        #expect(try bytes(one.image) == bytes(two.image))
        #expect(one.folder != two.folder)
    }

    @Test @LoopActor func theDateIsTheSourcesAndNotTheClocks() async throws {
        func date(_ kernel: BuiltKernel) throws -> String {
            let text = String(decoding: try bytes(kernel.vmlinux), as: UTF8.self)
            return String(text.split(separator: "\n").last ?? "")
        }
        #expect(try await date(fixture.build()).hasSuffix("Thu Jan  1 00:00:00 UTC 1970 qsh qsh"))

        fixture.variables["SOURCE_DATE_EPOCH"] = "1700000000"
        #expect(try await date(fixture.build()).hasSuffix("Tue Nov 14 22:13:20 UTC 2023 qsh qsh"))

        fixture.variables["KBUILD_BUILD_TIMESTAMP"] = "today"
        fixture.variables["KBUILD_BUILD_USER"] = "me"
        #expect(try await date(fixture.build()).hasSuffix("today me qsh"))
    }
}
