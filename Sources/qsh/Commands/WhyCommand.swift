import ArgumentParser
import LuaBridge
import QshRuntime
import SystemPackage

/// `qsh why IMAGE-OR-RECIPE PATH`
struct WhyCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "why", abstract: "Tell why a file or a module is in an initramfs.",
        discussion: """
            Images of `qsh mkinitramfs` keep their reasons; in others, what the files say of each \
            other is told: who needs a library, which module uses another. A recipe (`*.lua`) is \
            run up to its first machine.
            """)

    @Argument(help: "An initramfs, or a recipe that assembles one.")
    var image: String

    @Argument(help: "A path in it, the name of a module, or of a file that no other has.")
    var path: String

    @Flag(help: "Print a list of { path, reason, hook, because }.")
    var json = false

    func execute(_ context: CommandContext) async throws -> Int32 {
        let steps =
            image.hasSuffix(".lua")
            ? try await reasonsOfRecipe(context)
            : try await ImageReasons.why(path, in: FilePath(image))
        if json {
            StandardOutput.write(JSONValue.array(steps.map(\.json)).bytes + [UInt8(ascii: "\n")])
        } else {
            StandardOutput.write(steps.map { $0.line + "\n" }.joined())
        }
        return Verdict.ok.exitCode
    }

    @LoopActor
    private func reasonsOfRecipe(_ context: CommandContext) async throws -> [PickStep] {
        let roots = RecipeRoots()
        let chunk = try RecipeSource.read(.file(image))
        let session = try Session.open(lookingAt: image, roots, context)
        do {
            _ = try await session.lua.run(chunk)
        } catch {
            if !roots.isDone { throw error }
        }
        await session.lua.close()
        for tree in roots.trees {
            if let steps = tree.why(named: path) { return steps }
        }
        let several = roots.trees.map { $0.paths(named: path) }.first { $0.count > 1 }
        if let several {
            throw GeneratorError.severalNamed(path, FilePath(image), several.map(\.display))
        }
        let names = roots.trees.flatMap { $0.entries.map(\.path.display) }
        let asked = path.hasPrefix("/") ? path : "/\(path)"
        throw GeneratorError.notInImage(
            path, FilePath(image), near: nearest(to: asked, among: names))
    }
}
