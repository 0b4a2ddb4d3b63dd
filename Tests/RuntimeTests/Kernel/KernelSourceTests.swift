import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct KernelSourceTests {
    private let tree: FakeKernelTree
    private var cache: Cache { Cache(root: tree.beside("cache")) }

    init() throws {
        TestLoop.start()
        tree = try FakeKernelTree()
    }

    @LoopActor
    private func open(_ request: KernelSourceRequest) async throws -> KernelSource {
        try await KernelSource.open(
            request, cache: cache, environment: HostEnvironment(["PATH": "/usr/bin:/bin"]))
    }

    @LoopActor
    private func message(_ request: KernelSourceRequest) async -> String {
        do {
            _ = try await open(request)
            return "opened"
        } catch let error as KernelSourceError {
            return error.diagnostic.message + (error.diagnostic.hint.map { "; \($0)" } ?? "")
        } catch { return "\(error)" }
    }

    @Test @LoopActor func aFolderTellsVersionAndArchitecturesWithoutMake() async throws {
        try tree.write(
            "Makefile", "VERSION = 6\nPATCHLEVEL=12\nSUBLEVEL = 7\nEXTRAVERSION = -rc1\n")

        let source = try await open(.path(tree.folder))

        #expect(source.version.text == "6.12.7-rc1")
        #expect(source.version.major == 6)
        #expect(source.version.minor == 12)
        #expect(source.archFolders == ["arm64", "x86"])
        #expect(source.arch == .ofHost)
        #expect(source.git == nil)
        #expect(source.origin == .folder)
        #expect(source.supports(.arm64))
        #expect(!source.supports(.riscv64))
    }

    @Test @LoopActor func theEnvironmentNamesTheArchitecture() async throws {
        func arch(_ name: String) async throws -> Arch {
            try await KernelSource.open(
                .path(tree.folder), cache: cache, environment: HostEnvironment(["ARCH": name])
            ).arch
        }

        #expect(try await arch("arm64") == .arm64)
        #expect(try await arch("powerpc") == .ppc64el)
        await #expect(throws: KernelSourceError.unknownArch("vax")) { try await arch("vax") }
    }

    @Test @LoopActor func aFolderOfSomethingElseIsRefused() async throws {
        let empty = tree.beside("empty")
        try FileTree.makeFolders(empty)
        let parent = tree.folder.removingLastComponent()

        #expect(
            await message(.path(empty))
                == "kernel source `\(empty)`: not a kernel source tree: it has no `Makefile`; give"
                + " the folder that holds the kernel's `Makefile`, `Kconfig` and `arch`")
        #expect(
            await message(.path(parent))
                == "kernel source `\(parent)`: not a kernel source tree: it has no `Makefile`; did"
                + " you mean `\(tree.folder)`?")
        #expect(
            await message(.path("/nowhere"))
                == "kernel source `/nowhere`: no such folder or file; give a source tree, a"
                + " tarball, or { debian = \"linux-source\" }")
    }

    @Test(arguments: [("linux 6.1", "a space"), ("linux:6.1", "a colon")])
    @LoopActor func aPathThatMakeSplitsIsRefused(name: String, what: String) async throws {
        let odd = try FakeKernelTree(name)

        #expect(
            await message(.path(odd.folder))
                == "kernel source `\(odd.folder)`: the path has \(what) in it, which the kernel's"
                + " build refuses; move or bind-mount the tree to a path without spaces and colons")
    }

    @Test @LoopActor func aTreeThatWasBuiltInNamesTheCure() async throws {
        try tree.write(".config", "CONFIG_X86=y\n")
        try tree.write("include/config/auto.conf", "")
        let source = try await open(.path(tree.folder))

        let error = #expect(throws: KernelSourceError.self) {
            try source.requireClean(for: .x86_64)
        }

        #expect(
            error?.diagnostic.message
                == "kernel source `\(source.folder)`: the tree is not clean: a build inside of it"
                + " left `.config`, `include/config`")
        #expect(
            error?.diagnostic.hint
                == "copy its .config if you want to keep it, then run: make -C \(source.folder)"
                + " ARCH=x86_64 mrproper")
    }

    @Test(arguments: ["", "--gzip", "--bzip2", "--xz", "--zstd"])
    @LoopActor func aTarballIsUnpackedOnce(option: String) async throws {
        // The name says nothing: the first bytes do.
        let file = tree.beside("linux.tar")
        try await tree.shell("tar -C .. \(option) -cf '\(file)' linux-6.1")
        var reports: [ProgressReport?] = []
        let first = try await KernelSource.open(.path(file), cache: cache) { reports.append($0) }
        try await tree.shell("touch '\(first.folder)/mark'")

        let second = try await open(.path(file))

        #expect(second.folder == first.folder)
        #expect(second.origin == .tarball)
        #expect(second.version.text == "6.1.0-fake")
        #expect(FileTree.isFile(second.folder.appending("mark")))
        let last = reports.compactMap(\.self).last
        #expect(last?.activity == "unpacking")
        #expect(last?.done == last?.total)
        #expect(reports.last == .some(nil))
    }

    @Test @LoopActor func aTarballThatWasReplacedIsAnotherOne() async throws {
        let file = tree.beside("linux.tar.gz")
        try await tree.shell("tar -C .. -czf '\(file)' linux-6.1")
        let first = try await open(.path(file))
        try await tree.shell(
            "sed -i 's/-fake/-other/' Makefile; tar -C .. -czf '\(file)' linux-6.1")

        let second = try await open(.path(file))

        #expect(first.version.text == "6.1.0-fake")
        #expect(second.version.text == "6.1.0-other")
    }

    @Test @LoopActor func aDamagedTarballLeavesNothing() async throws {
        let file = tree.beside("linux.tar.xz")
        try await tree.shell(
            "head -c 300000 /dev/urandom >lib/noise; tar -C .. -cJf ../whole linux-6.1;"
                + " head -c 200000 ../whole >'\(file)'")

        #expect(
            await message(.path(file))
                == "cannot unpack `\(file)`: xz: Unexpected end of input; get the file again; its"
                + " checksum may tell whether it is whole")
        #expect(FileTree.names(in: cache.root).filter { !$0.hasSuffix(".lock") } == [])
        #expect(await message(.path("/etc/passwd")).contains("got another kind of file"))
    }

    @Test @LoopActor func aTarballOfSomethingElseLeavesNothing() async throws {
        let file = tree.beside("other.tar")
        try await tree.shell("rm Kconfig; tar -C .. -cf '\(file)' linux-6.1")

        #expect(
            await message(.path(file)).hasPrefix(
                "kernel source `\(file)`: not a kernel source tree: it has no `Kconfig`"))
        #expect(FileTree.names(in: cache.root).filter { !$0.hasSuffix(".lock") } == [])
    }

    @Test @LoopActor func gitTellsWhatIsCheckedOut() async throws {
        try await tree.shell("git init -q -b trunk; git add .; git commit -qm one; git tag v6.1")
        let clean = try await open(.path(tree.folder))
        try tree.write("init/main.c", "int changed;\n")
        let dirty = try await open(.path(tree.folder))

        let commit = try await tree.shell("git rev-parse HEAD")
        let time = Int(try await tree.shell("git log -1 --format=%ct"))
        #expect(
            clean.git
                == KernelGitState(
                    commit: commit, branch: "trunk", tag: "v6.1", isDirty: false, time: time ?? 0))
        #expect(dirty.git?.isDirty == true)
    }

    @Test @LoopActor func aRevisionLeavesTheCheckoutAlone() async throws {
        try await tree.shell(
            """
            git init -q -b trunk; git add .; git commit -qm one; git tag v6.1
            sed -i 's/PATCHLEVEL = 1/PATCHLEVEL = 2/' Makefile; git commit -qam two
            echo '/* mine */' >>init/main.c
            """)
        let before = try await tree.shell("git status --porcelain; git rev-parse HEAD; git branch")

        let source = try await open(.git(tree.folder, revision: "v6.1"))
        let again = try await open(.git(tree.folder, revision: "trunk~1"))

        #expect(source.version.text == "6.1.0-fake")
        #expect(source.git?.tag == "v6.1")
        #expect(source.git?.branch == nil)
        #expect(again.folder == source.folder)
        #expect(source.folder.removingLastComponent() == FileTree.resolved(cache.root))
        #expect(
            try await tree.shell("git status --porcelain; git rev-parse HEAD; git branch") == before
        )
        #expect(try await tree.shell("git worktree list").contains(source.folder.string))
    }

    @Test @LoopActor func aWrongRevisionOffersTheNearest() async throws {
        try await tree.shell("git init -q -b trunk; git add .; git commit -qm one; git tag v6.11")
        let empty = tree.beside("empty")
        try FileTree.makeFolders(empty)

        #expect(
            await message(.git(tree.folder, revision: "v6.1"))
                == "git repository `\(tree.folder)`: no revision `v6.1`; did you mean `v6.11`?")
        #expect(
            await message(.git(empty, revision: "v6.1"))
                == "git repository `\(empty)`: not a git repository (or any of the parent"
                + " directories): .git")
    }

    @Test @LoopActor func aChangedCheckoutOfARevisionIsRefused() async throws {
        try await tree.shell("git init -q -b trunk; git add .; git commit -qm one")
        let source = try await open(.git(tree.folder, revision: "HEAD"))
        try AtomicFile.write([10], to: source.folder.appending("Kconfig"))

        let said = await message(.git(tree.folder, revision: "HEAD"))

        #expect(
            said.contains("qsh's checkout of `HEAD` has been changed; `qsh cache clean worktree-"))
    }
}
