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
