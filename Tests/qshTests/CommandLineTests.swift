import Testing

@Suite struct CommandLineTests {
    @Test func runsCodeWithArguments() async throws {
        let run = try await QshRun("-e", "print(arg[0], arg[1], ...)", "a", "--b").finish()

        #expect(run.stdout == "-e\ta\ta\t--b\n")
        #expect(run.stderr == "")
        #expect(run.status == 0)
    }

    @Test func runsARecipeFromStandardInput() async throws {
        let run = try await QshRun("-", "x").with { $0.stdin = "print(arg[0], ...)" }.finish()

        #expect(run.stdout == "stdin\tx\n")
        #expect(run.status == 0)
    }

    @Test func withoutATerminalStatementsComeFromStandardInput() async throws {
        let run = try await QshRun().with { $0.stdin = "print(1 + 1)" }.finish()

        #expect(run.stdout == "2\n")
        #expect(run.status == 0)
    }

    @Test func aRecipesArgumentsAreItsOwn() async throws {
        let run = try await QshRun(recipe: "print(...)", "--help", "-e", "-v").finish()

        #expect(run.stdout == "--help\t-e\t-v\n")
    }

    @Test func tellsItsVersion() async throws {
        let run = try await QshRun("--version").finish()

        #expect(run.stdout == "qsh 0.1.0\n")
        #expect(run.status == 0)
    }

    @Test func helpNamesEveryOptionAndExitCode() async throws {
        let run = try await QshRun("--help").finish()

        for word in ["-e <code>", "--verbose", "--quiet", "--version", "--help", "130"] {
            #expect(run.stdout.contains(word), "\(word) in:\n\(run.stdout)")
        }
        #expect(run.status == 0)
    }

    @Test(arguments: [
        (["--bogus"], "error: unknown option `--bogus`\n"),
        (["-v", "-q"], "error: --verbose and --quiet exclude each other\n"),
        (["-e"], "error: missing value for `-e <code>`\n"),
    ])
    func refusesWrongUsage(words: [String], message: String) async throws {
        let run = try await QshRun(words).finish()

        #expect(run.stderr == message + "  hint: `qsh --help` lists the options\n")
        #expect(run.stdout == "")
        #expect(run.status == 2)
    }

    @Test func namesARecipeThatCannotBeRead() async throws {
        let missing = try await QshRun("nosuch.lua").finish()
        let folder = try await QshRun("/").finish()

        #expect(
            missing.stderr
                == "error: cannot read recipe `nosuch.lua`: no such file or directory\n")
        #expect(missing.status == 2)
        #expect(folder.stderr == "error: cannot read recipe `/`: it is a folder\n")
        #expect(folder.status == 2)
    }

    @Test func colourIsAChoice() async throws {
        let colour = { (word: String) in
            try await QshRun("--color", word, "-e", "error('x', 0)").finish().stderr
        }
        let always = try await colour("always")
        let never = try await colour("never")
        let wrong = try await colour("sometimes")

        #expect(always == "\u{1B}[1;31merror:\u{1B}[0m x\n  at -e:1\n")
        #expect(never == "error: x\n  at -e:1\n")
        #expect(wrong.hasPrefix("error: the value `sometimes` is invalid for `--color <when>`"))
    }
}
