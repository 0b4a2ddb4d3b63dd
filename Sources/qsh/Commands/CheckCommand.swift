import ArgumentParser
import LuaBridge
import QshRuntime

/// `qsh check SCRIPT…`: what of a recipe will fail, without running it.
struct CheckCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "check", abstract: "Look for mistakes in recipes without running them.",
        discussion: """
            Finds text that is no Lua, unknown names and options of qsh, kernels and images that \
            are not there or lack what the recipe requires, and missing tools. What it cannot \
            follow it leaves alone. Boots nothing. Exit status: 2 where there is a problem, \
            else 0.
            """)

    @Argument(help: "The recipes; `-` is standard input.")
    var scripts: [String]

    @Flag(help: "Print a list of { file, line, message, hint }.")
    var json = false

    func validate() throws {
        if scripts.isEmpty { throw ValidationError("name a recipe") }
    }

    func execute(_ context: CommandContext) async throws -> Int32 {
        var found: [(file: String, problem: RecipeProblem)] = []
        for script in scripts {
            let chunk =
                script == "-"
                ? LuaChunk(try await PipeInput.standardInput(), name: "stdin")
                : try RecipeSource.read(.file(script))
            found += try problems(of: chunk).map { (chunk.name, $0) }
        }
        if json {
            StandardOutput.write(.array(found.map { $0.problem.json($0.file) }))
        } else {
            for (file, problem) in found {
                Reporter.shared.say(
                    DiagnosticRenderer.standardError.render(
                        problem.diagnostic, at: "\(file):\(problem.line)"))
            }
            if found.isEmpty { context.say("\(scripts.joined(separator: ", ")): no problem found") }
        }
        return found.isEmpty ? Verdict.ok.exitCode : Verdict.usage.exitCode
    }

    @LoopActor
    private func problems(of chunk: LuaChunk) throws -> [RecipeProblem] {
        do { try LuaState().check(chunk) } catch let error as LuaError {
            let line = error.location?.split(separator: ":").last.flatMap { Int($0) }
            return [RecipeProblem(line: line ?? 1, message: error.diagnostic.message)]
        }
        let check = RecipeCheck(chunk.source)
        let host = RecipeSurroundings()
        let all = check.problems + check.calls.flatMap { host.problems(of: $0) }
        return all.sorted { $0.line < $1.line }
    }
}
