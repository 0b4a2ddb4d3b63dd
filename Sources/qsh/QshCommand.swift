import ArgumentParser

/// The command line of `qsh`.
@main
struct QshCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qsh",
        abstract: "Boots Linux machines from Lua recipes and drives their consoles.",
        usage: """
            qsh [options] SCRIPT [ARGUMENT…]
                   qsh [options] -e CODE [ARGUMENT…]
                   qsh [options] -            (reads the recipe from standard input)
                   qsh [options]              (interactive)
            """,
        discussion: """
            A recipe sees its arguments in the global `arg` and in `...`. What it prints goes to \
            standard output, everything else to standard error.

            Exit status: 0 ok, 1 the recipe failed, 2 wrong usage or a recipe that does not load, \
            3 kernel panic or oops, 69 no QEMU or another tool missing, 124 timed out or hung, \
            125 build failed, 130 interrupted.
            """,
        version: "qsh 0.1.0")

    @Option(name: .customShort("e"), help: ArgumentHelp("Run this Lua text.", valueName: "code"))
    var code: String?

    @Flag(name: .shortAndLong, help: "Say more about what is done and why.")
    var verbose = false

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("A recipe, and its arguments.", valueName: "script"))
    var words: [String] = []

    func validate() throws {
        if verbose && quiet { throw ValidationError("--verbose and --quiet exclude each other") }
    }

    mutating func run() throws {
        print(code as Any, verbose, quiet, words)
    }
}
