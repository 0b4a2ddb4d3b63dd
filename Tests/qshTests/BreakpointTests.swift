import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// `qsh.repl()` and `--repl-on-failure`, fed from standard input.
@Suite struct BreakpointTests {
    private static let recipe = """
        local count = 3
        local function check(name)
          local both = name .. count
          qsh.repl()
          print("both is", both, count)
        end
        check("vm")
        """

    @Test func localsAreReadAndSet() async throws {
        let run = try await QshRun(recipe: Self.recipe)
            .with { $0.stdin = "name\nboth\nboth = 'set'\ncount = count + 1\nnew = 5\nnew\n" }
            .finish()

        #expect(run.stdout == "vm\nvm3\n5\nboth is\tset\t4\n")
        #expect(
            run.stderr == """
                breakpoint at recipe.lua:4
                    4 |   qsh.repl()
                  name = "vm"
                  both = "vm3"
                  count = 3

                """)
        #expect(run.status == 0)
    }

    @Test func exitAndErrorsEndTheRecipe() async throws {
        let exit = try await QshRun(recipe: Self.recipe).with { $0.stdin = "os.exit(7)" }.finish()
        let error = try await QshRun(recipe: Self.recipe).with { $0.stdin = "nil + 1" }.finish()

        #expect(exit.status == 7)
        #expect(exit.stdout == "")
        #expect(error.status == 1)
        #expect(error.stdout == "")
    }

    @Test func anotherTaskRunsMeanwhile() async throws {
        let run = try await QshRun(
            recipe: """
                local ticks = 0
                qsh.task.spawn(function()
                  while true do qsh.task.sleep(0.01) ticks = ticks + 1 end
                end)
                qsh.repl()
                os.exit(ticks > 5 and 0 or 1)
                """
        ).with { $0.stdin = "qsh.task.sleep(0.3)\n" }.finish()

        #expect(run.status == 0, "\(run.stderr)")
    }

    @Test func aFailureOpensBeforeAnythingIsClosed() async throws {
        let recipe = """
            local guard <close> = setmetatable({}, { __close = function() print("closed") end })
            local root = qsh.machine.boot { name = "vm0" }
            local machine <close> = root
            local function inner(value)
              local doubled = value * 2
              error("went wrong")
            end
            print(pcall(inner, 1))
            inner(21)
            """
        let run = try await QshRun(["--repl-on-failure", "recipe.lua"]).with {
            $0.files["recipe.lua"] = recipe
            $0.stdin = "doubled\nvalue\nmachine.running\n"
        }.finish()

        #expect(run.stdout == "false\trecipe.lua:6: went wrong\n42\n21\ntrue\nclosed\n")
        #expect(
            run.stderr.contains(
                """
                failed: recipe.lua:6: went wrong
                  at recipe.lua:6
                    6 |   error("went wrong")
                  value = 21
                  doubled = 42
                """), "\(run.stderr)")
        #expect(run.stderr.hasSuffix("error: went wrong\n  at recipe.lua:6\n  from recipe.lua:9\n"))
        #expect(run.status == 1)
    }

    @Test func whatWorksOpensNothing() async throws {
        let run = try await QshRun(["--repl-on-failure", "-e", "print(1)"])
            .with { $0.stdin = "print('never')" }.finish()

        #expect(run.stdout == "1\n")
        #expect(run.stderr == "")
    }
}
