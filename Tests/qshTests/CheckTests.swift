import TestSupport
import Testing

@Suite struct CheckTests {
    private func check(_ recipe: String) async throws -> QshRun.Outcome {
        try await QshRun("check", "recipe.lua").with { $0.files["recipe.lua"] = recipe }.finish()
    }

    @Test func aGoodRecipeHasNoProblem() async throws {
        let run = try await check(
            """
            local console = { expcet = 1 }
            local m <close> = qsh.machine.boot { kernel = qsh.kernel.find(), memory = "1G" }
            m.console:expect({ "a", "b" }, { timeout = 3 })
            m:execute("true", {
              on_stdout = function(b) local x, whatever = 1, b return x, whatever end, cwd = "/",
            })
            local function f(m) return m:anything { x = 1 } end
            print(console.expcet, f, m.pid .. "x")
            """)

        #expect(run.stderr == "qsh: recipe.lua: no problem found\n")
        #expect(run.stdout == "")
        #expect(run.status == 0)
    }

    @Test(arguments: [
        (
            "local m <close> = qsh.machine.boot {\n  memroy = 1,\n}",
            "error: qsh.machine.boot: unknown option `memroy`; did you mean `memory`?\n"
                + "  at recipe.lua:2\n"
        ),
        (
            "qsh.machin.boot {}",
            "error: qsh: no field or method `machin`; did you mean `machine`?\n"
                + "  at recipe.lua:1\n"
        ),
        (
            "local m = qsh.machine.boot {}\nm:shutdwn()",
            "error: qsh.machine: no field or method `shutdwn`; did you mean `shutdown`?\n"
                + "  at recipe.lua:2\n"
        ),
        (
            "local m = qsh.machine.boot {}\nlocal c = m.console\nc:expect('x', { timout = 1 })",
            "error: qsh.console:expect: unknown option `timout`; did you mean `timeout`?\n"
                + "  at recipe.lua:3\n"
        ),
        (
            "qsh.machine.boot { smp = { core = 1 } }",
            "error: qsh.machine.boot: unknown option `core`; did you mean `cores`?\n"
                + "  at recipe.lua:1\n"
        ),
        (
            "qsh.machine.boot { accel = 'kvmm' }",
            "error: qsh.machine.boot: option `accel` expects one of \"auto\", \"kvm\", \"tcg\", "
                + "got \"kvmm\"\n  at recipe.lua:1\n"
        ),
        (
            "print(\nif",
            "error: syntax error: unexpected symbol near 'if'\n  at recipe.lua:2\n"
        ),
    ])
    func namesAMistakeWithItsLine(recipe: String, message: String) async throws {
        let run = try await check(recipe)

        #expect(run.stderr == message)
        #expect(run.status == 2)
    }

    @Test func missesNothingBehindAFirstMistake() async throws {
        let run = try await QshRun("check", "--json", "recipe.lua").with {
            $0.files["recipe.lua"] = """
                qsh.kernel.fnd()
                -- qsh.nothing
                print("qsh.nothing", qsh.initramfs.new { busybx = true })
                """
        }.finish()

        #expect(run.stdout.contains("\"line\":1"))
        #expect(run.stdout.contains("\"line\":3"))
        #expect(!run.stdout.contains("nothing"))
        #expect(run.status == 2)
    }

    @Test func namesAKernelAndAToolThatAreNotThere() async throws {
        let run = try await QshRun("check", "recipe.lua").with {
            $0.files["recipe.lua"] = "qsh.machine.boot { kernel = 'nosuch', arch = 'arm64' }"
            $0.environment["PATH"] = "/nowhere"
        }.finish()

        #expect(run.stderr.contains("`qemu-system-aarch64` is not on PATH"))
        #expect(run.stderr.contains("`nosuch`"))
        #expect(run.status == 2)
    }

    @Test func everyShippedRecipeIsSound() async throws {
        let run = try await QshRun.shell("\"$QSH\" check scripts/*.lua scripts/lib/*.lua")

        #expect(run.status == 0, "\(run.stderr)")
    }

    @Test func aFolderIsMadeReadyAndItsRecipeIsSound() async throws {
        let folder = try ScratchFolder()
        let first = try await QshRun("init", "mine").with { $0.folder = folder.path }.finish()
        let again = try await QshRun("init", "mine").with { $0.folder = folder.path }.finish()
        let check = try await QshRun("check", "mine/boot.lua").with { $0.folder = folder.path }
            .finish()

        #expect(first.status == 0, "\(first.stderr)")
        #expect(first.stderr.contains("qsh: wrote mine/boot.lua\n"))
        #expect(again.stderr.contains("qsh: kept mine/boot.lua\n"))
        #expect(check.status == 0, "\(check.stderr)")
    }
}
