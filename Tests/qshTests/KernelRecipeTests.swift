import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// The recipes that build a kernel. One real one, from Debian's source, does for all of them.
@Suite(
    .enabled(if: Command.locate("qemu-system-x86_64") != nil, "no qemu-system-x86_64 on PATH"),
    .serialized)
struct KernelRecipeTests {
    static let recipes: Set = ["build-kernel.lua", "module.lua", "kunit.lua", "bisect.lua"]

    private static var missing: Comment? {
        for program in ["make", "gcc", "flex", "bison", "bc", "depmod", "apt-get"]
        where Command.locate(program) == nil {
            return "no \(program) on PATH"
        }
        return Arch.ofHost == .x86_64 ? nil : "the host is no x86_64"
    }

    private func run(_ words: String...) async throws -> QshRun.Outcome {
        try await QshRun(["-q"] + words).with {
            $0.folder = QshRun.repository
            // A full build on a machine that others use too.
            $0.limit = .seconds(1500)
        }.finish()
    }

    @Test(.enabled(if: missing == nil, missing ?? ""))
    func aRealKernelIsBuiltBootedAndTakenFromTheCache() async throws {
        let first = try await run("scripts/build-kernel.lua")
        try #require(first.status == 0, "\(first.stderr)")
        #expect(
            first.stdout.contains(/\nLinux rootfs \d+\.\d+\.\d+ #1 .* 1970 x86_64 GNU\/Linux\n/))

        let second = try await run("scripts/build-kernel.lua", "--command", "cat /proc/cmdline")

        #expect(second.stdout.contains(/^\d+\.\d+\.\d+: \/\S+\/bzImage \(cached\)\n/))
        #expect(second.status == 0, "\(second.stderr)")

        let image = try #require(second.stdout.split(separator: " ").dropFirst().first)
        let facts = try await QshRun("-q", "-e", Self.facts, "\(image)").finish()
        #expect(facts.status == 0, "\(facts.stderr)")
        let words = facts.stdout.split(separator: "\t").map(String.init)
        // With modules and KUnit; without them it is smaller yet.
        #expect(Int(words[0]).map { $0 < 1_500_000 } == true, "\(facts.stdout)")
        #expect(Array(words[1...]) == ["true", "false", Self.unmet])
    }

    /// The image's size, what its own configuration says, and a boot that it cannot satisfy.
    private static let facts = #"""
        local file <close> = io.open(arg[1], "rb")
        local config = qsh.kernel.config(arg[1])
        local machine, err = qsh.machine.try_boot { kernel = arg[1], requires = { "VIRTIO_BLK" } }
        io.write(file:seek("end"), "\t", tostring(config:has("VIRTIO_CONSOLE")), "\t",
          tostring(config:has("VIRTIO_BLK")), "\t", tostring(err and err.hint))
        """#
    private static let unmet = "build it with `fragments = { \"virtio\" }`"

    @Test(.enabled(if: missingForArm64 == nil, missingForArm64 ?? ""))
    func aForeignKernelIsBuiltAndBooted() async throws {
        let run = try await run("scripts/build-kernel.lua", "--arch", "arm64")

        #expect(run.status == 0, "\(run.stderr)")
        #expect(
            run.stdout.contains(#/boot/Image.*\nLinux rootfs \d\S* #1 .* aarch64 /#),
            "\(run.stdout)")
    }

    private static var missingForArm64: Comment? {
        for program in ["aarch64-linux-gnu-gcc", "qemu-system-aarch64"]
        where Command.locate(program) == nil {
            return "no \(program) on PATH"
        }
        return missing
    }

    /// A whole build takes minutes, so only where it is asked for.
    @Test(
        .enabled(if: missing == nil, missing ?? ""),
        .enabled(
            if: HostEnvironment.current["QSH_REPRODUCE_KERNEL"] != nil,
            "QSH_REPRODUCE_KERNEL is not set: a second build of the kernel takes minutes"))
    func twoFoldersOfTheRealSourceGiveTheSameImage() async throws {
        let scratch = try TestTree()
        let recipe = #"""
            local folder = arg[1]
            local tree = qsh.kernel.open { debian = "linux-source" }
            tree:configure { base = "tinyconfig", fragments = { "tiny", "guest" } }
            local one = tree:build()
            assert(os.execute(("cp -a '%s' '%s/copy'"):format(tree.folder, folder)))
            local copy = qsh.kernel.open(folder .. "/copy")
            copy:configure { base = one.config, out = folder .. "/deeper/out" }
            local two = copy:build { cache = false, jobs = 3 }
            for _, name in ipairs { "image", "vmlinux", "system_map" } do
              assert(os.execute(("cmp '%s' '%s'"):format(one[name], two[name])), name)
            end
            print(one.folder ~= two.folder)
            """#

        let run = try await QshRun("-q", "-e", recipe, scratch.path.string)
            .with { $0.limit = .seconds(3000) }.finish()

        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout == "true\n")
    }

    /// The screen's home is another one, and its cache would hold no source.
    private static var cacheFolder: String {
        let environment = HostEnvironment.current
        return environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "/root")/.cache"
    }

    @LoopActor
    @Test(
        .enabled(if: missing == nil, missing ?? ""),
        .enabled(if: Command.locate("tmux") != nil, "no tmux on PATH"))
    func theMenuReturnsWhatWasChangedInIt() async throws {
        TestLoop.start()
        let recipe = #"""
            local tree = qsh.kernel.open { debian = "linux-source" }
            local text = tree:menuconfig { base = "tinyconfig", out = "out" }
            local file <close> = io.open("changes", "w")
            file:write(text)
            """#
        let screen = try await TmuxScreen(
            #"cd "$HOME"; sleep 0.1; "$QSH" -q menu.lua; echo "status $?"; exec sleep 60"#,
            ["XDG_CACHE_HOME": Self.cacheFolder])
        do {
            _ = try screen.scratch.file("menu.lua", recipe.utf8)
            try await screen.shows("the menu", limit: .seconds(120)) {
                $0.contains("General setup") && $0.contains("< Exit >")
            }
            // "Virtualization" is the seventh line; leaving offers to save.
            for _ in 0..<6 { try await screen.press("Down") }
            try await screen.press("y")
            try await screen.shows("the setting") { $0.contains("[*] Virtualization") }
            try await screen.press("Right")
            try await screen.press("Enter")
            try await screen.shows("the question") { $0.contains("save your new") }
            try await screen.press("Enter")
            try await screen.shows("the end", limit: .seconds(30)) { $0.contains("status 0") }
            let file = screen.scratch.path.appending("changes")
            let changes = try readSmallFile(file, limit: 1 << 20)
            let lines = String(decoding: changes, as: UTF8.self).split(separator: "\n")
            #expect(lines.contains("CONFIG_VIRTUALIZATION=y"), "\(lines)")
        } catch {
            await screen.close()
            throw error
        }
        await screen.close()
    }

    @Test(.enabled(if: missing == nil, missing ?? ""))
    func aModuleIsBuiltLoadedAndUnloaded() async throws {
        let run = try await run("scripts/module.lua", "--params", "whom=qsh")

        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout.contains("hello, qsh\n"), "\(run.stdout)")
        #expect(run.stdout.contains("good bye, qsh\n"))
        #expect(run.stdout.contains("hello: loaded and unloaded on "))
        let left = FileTree.names(in: QshRun.repository.appending("scripts").appending("module"))
        #expect(left == ["Kbuild", "hello.c"])
    }

    @Test(.enabled(if: missing == nil, missing ?? ""))
    func kunitShowsItsResults() async throws {
        let run = try await run("scripts/kunit.lua", "--filter", "example")

        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout.contains(/ok +example_simple_test\n/), "\(run.stdout)")
        #expect(run.stdout.contains(/\n[1-9]\d* passed, 0 failed, \d+ skipped\n/))
    }

    /// Eight commits: the fourth does not compile, the sixth brings the fault.
    @Test(
        .enabled(
            if: Command.locate("git") != nil && Command.locate("flex") != nil, "no git or no flex"))
    func bisectFindsTheCommitAndSkipsWhatDoesNotBuild() async throws {
        let cache = try TestTree()
        let tree = try FakeKernelTree()
        try tree.write(
            "../step.lua",
            """
            return function(tree, out)
              local head = "# Linux/x86 6.1 Kernel"
              os.execute(("mkdir -p %s; echo '%s' >%s/.config"):format(out, head, out))
              local file <close> = io.open(tree:build({ out = out }).vmlinux, "rb")
              assert(not file:read("a"):find("regression", 1, true), "regression")
            end
            """)
        let script = """
            cd '\(tree.folder)'
            export XDG_CACHE_HOME='\(cache.path)' GIT_CONFIG_GLOBAL=/dev/null
            export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a
            git init -q -b trunk
            for n in 1 2 3 4 5 6 7 8; do
                echo "int number = $n;" >lib/number.c
                case $n in
                4) echo 'nonsense' ;;
                6|7|8) echo 'const char fault[] = "regression";' ;;
                *) echo ;;
                esac >init/main.c
                git add . && git commit -qm "number $n"
            done
            before=$(git status --porcelain; git rev-parse HEAD; git branch)
            "$QSH" -q '\(QshRun.repository)/scripts/bisect.lua' --good HEAD~7 --test ../step.lua
            test "$before" = "$(git status --porcelain; git rev-parse HEAD; git branch)"
            git worktree list | wc -l
            git log -1 --format='%H is the first bad commit' HEAD~2
            """

        let run = try await QshRun.shell(script)

        #expect(run.status == 0, "\(run.stderr)")
        let lines = run.stdout.split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.contains(" number 4: skip (125): build of `bzImage`: ") })
        #expect(lines.contains { $0.contains(" number 6: bad (1): ") }, "\(lines)")
        #expect(lines.contains { $0.hasSuffix(" number 5: good (0)") })
        #expect(lines.dropLast(2).last == lines.last, "\(lines)")
        #expect(lines.dropLast().last == "1", "a worktree is left")
    }

    @Test func aVerdictIsACodeOfGitBisect() async throws {
        let recipe = """
            package.path = "\(QshRun.repository)/scripts/lib/?.lua"
            local verdict = require("verdict")
            print(verdict.code(pcall(function() error("x") end)), verdict.word(1))
            print(verdict.code(pcall(qsh.kernel.open, "/nowhere")), verdict.word(128))
            print(verdict.code(true), verdict.word(0), verdict.word(125), verdict.word(127))
            """

        let run = try await QshRun(recipe: recipe).finish()

        #expect(run.stdout == "1\tbad\n128\tnil\n0\tgood\tskip\tbad\n", "\(run.stderr)")
    }
}
