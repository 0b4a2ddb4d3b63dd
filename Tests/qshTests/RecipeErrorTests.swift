import Testing

@Suite struct RecipeErrorTests {
    @Test func aSyntaxErrorDoesNotRun() async throws {
        let run = try await QshRun(recipe: "print(1)\nlocal x = = 2\n").finish()

        #expect(
            run.stderr == """
                error: syntax error: unexpected symbol near '='
                  at recipe.lua:2

                """)
        #expect(run.stdout == "")
        #expect(run.status == 2)
    }

    @Test func anErrorThreeCallsDeepNamesEachCaller() async throws {
        let recipe = """
            local function c() error("no luck") end
            local function b() c() end
            local function a() b() end
            a()
            """

        let run = try await QshRun(recipe: recipe).finish()

        #expect(
            run.stderr == """
                error: no luck
                  at recipe.lua:1
                  from recipe.lua:2
                  from recipe.lua:3
                  from recipe.lua:4

                """)
        #expect(run.status == 1)
    }

    @Test func anErrorKeepsItsPlaceWhileAHandlerWaits() async throws {
        let recipe = """
            local guard <close> = setmetatable({}, { __close = function()
              qsh.task.all { function() qsh.task.sleep(0.01) end, function() pcall(error, "y") end }
            end })
            error("enough")
            """

        let run = try await QshRun(recipe: recipe).finish()

        #expect(run.stderr == "error: enough\n  at recipe.lua:4\n")
        #expect(run.status == 1)
    }

    @Test func bytecodeIsRefused() async throws {
        let run = try await QshRun("-").with { $0.stdin = "\u{1B}LuaT rest" }.finish()

        #expect(run.stderr.hasPrefix("error: "))
        #expect(run.stderr.contains("bytecode"), "\(run.stderr)")
        #expect(run.status == 2)
    }

    @Test(arguments: [
        ("error(nil)", "nil"), ("error({ code = 3 })", "table"), ("error(42)", "42"),
        ("error(setmetatable({}, { __tostring = function() return 'odd one' end }))", "odd one"),
    ])
    func errorsThatAreNoStringsAreShown(recipe: String, shown: String) async throws {
        let run = try await QshRun(recipe: recipe).finish()

        #expect(run.stderr.hasPrefix("error: "))
        #expect(run.stderr.contains(shown), "\(run.stderr)")
        #expect(run.status == 1)
    }

    @Test func exitUnwindsAndKeepsTheStatus() async throws {
        let recipe = """
            local guard <close> = setmetatable({}, { __close = function() print("closed") end })
            coroutine.wrap(function() os.exit(7) end)()
            """

        let run = try await QshRun(recipe: recipe).finish()

        #expect(run.stdout == "closed\n")
        #expect(run.stderr == "")
        #expect(run.status == 7)
    }

    @Test func unknownOptionsAreRefusedWithTheNearest() async throws {
        let run = try await QshRun(recipe: "qsh.machine.boot { kernal = 1 }").finish()

        #expect(
            run.stderr == """
                error: qsh.machine.boot: unknown option `kernal`; did you mean `kernel`?
                  at recipe.lua:1

                """)
        #expect(run.status == 2)
    }

    @Test func anOptionOfAnotherFunctionIsToldWhose() async throws {
        let recipe = """
            local tree = qsh.kernel.open("\(QshRun.repository)/Tests/Fixtures/kernel-tree")
            tree:build { base = "tinyconfig" }
            """

        let run = try await QshRun(recipe: recipe).finish()

        #expect(
            run.stderr == """
                error: qsh.kernel.tree:build: unknown option `base`
                  at recipe.lua:2
                  hint: `base` is an option of `tree:configure`

                """)
    }

    @Test func primitivesErrorsAreObjects() async throws {
        let recipe = """
            local ok, err = pcall(qsh.machine.boot, { memory = "12 potatoes" })
            print(ok, err.kind, err.message)
            local again, same = pcall(error, err)
            print(again, rawequal(err, same), tostring(same) == err.message)
            """

        let run = try await QshRun(recipe: recipe).finish()

        #expect(
            run.stdout == """
                false\tusage\tqsh.machine.boot: option `memory` expects a size like "256M", \
                got string "12 potatoes"
                false\ttrue\ttrue

                """)
    }

    @Test func modulesAreFoundBesideTheRecipe() async throws {
        let run = try await QshRun(recipe: #"print(require("near").word)"#)
            .with { $0.files["near.lua"] = "return { word = 'found' }" }.finish()

        #expect(run.stdout == "found\n")
    }

    @Test func aClosedStandardOutputIsAnError() async throws {
        let run = try await QshRun.shell(#""$QSH" -e 'print(1)' >&-"#)
        let full = try await QshRun.shell(#""$QSH" -e 'print(1)' >/dev/full"#)
        let gone = try await QshRun.shell(
            #"{ "$QSH" -e 'for i = 1, 100000 do print(i) end'; echo $? >&2; } | true"#)

        #expect(run.stderr == "error: cannot write to standard output: it is closed\n")
        #expect(run.status == 1)
        #expect(
            full.stderr == "error: cannot write to standard output: no space left on device\n")
        #expect(full.status == 1)
        #expect(
            gone.stderr == "error: cannot write to standard output: its reader has gone\n1\n")
    }

    @Test func debiansModulesInCLoad() async throws {
        let recipe = """
            local cjson, lpeg = require("cjson"), require("lpeg")
            print(cjson.encode { 1, 2 }, lpeg.match(lpeg.P "a", "ab"))
            """

        let run = try await QshRun(recipe: recipe).finish()

        #expect(run.stdout == "[1,2]\t2\n")
    }
}
