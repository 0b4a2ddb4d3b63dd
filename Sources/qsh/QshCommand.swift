import ArgumentParser
import QshRuntime

/// qsh's own options; what follows the recipe's name is the recipe's.
struct QshCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qsh",
        abstract: "Boots Linux machines from Lua recipes and drives their consoles.",
        usage: """
            qsh [options] SCRIPT [ARGUMENT ...]
                   qsh [options] -e CODE [ARGUMENT ...]
                   qsh [options] -      (reads the recipe from standard input)
                   qsh [options]        (interactive)
                   qsh [options] COMMAND [ARGUMENT ...]
            """,
        discussion: """
            A recipe sees its arguments in the global `arg` and in `...`. What it prints goes to \
            standard output, everything else to standard error.

            Exit status: 0 ok, 1 the recipe failed, 2 wrong usage or a recipe that does not load, \
            3 kernel panic or oops, 69 no QEMU or another tool missing, 124 timed out or hung, \
            125 build failed, 130 interrupted.

            Commands (`qsh COMMAND --help` tells more):
            \(CommandTable.help)
            """,
        version: "qsh 0.1.0")

    @Option(name: .customShort("e"), help: ArgumentHelp("Run this Lua text.", valueName: "code"))
    var code: String?

    @Flag(name: .shortAndLong, help: "Say more about what is done and why.")
    var verbose = false

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    @Flag(help: "Open a prompt where the recipe fails, its machines still running.")
    var replOnFailure = false

    @Option(
        help: ArgumentHelp("Write in colour: auto, always or never.", valueName: "when"))
    var color = ColourChoice.auto

    @Option(help: ArgumentHelp("Record the run of the recipe.", valueName: "cassette"))
    var record: String?

    @Option(
        help: ArgumentHelp(
            "Run the recipe against a recording, without QEMU.", valueName: "cassette"))
    var replay: String?

    @Flag(help: "With --replay: output comes when it came, not at once.")
    var realTime = false

    @Flag(help: "Say in the end how long each phase of each machine's start took.")
    var timeline = false

    /// Those whose value is the next word.
    private static let valued: Set = ["--color", "--record", "--replay"]

    func validate() throws {
        if record != nil && replay != nil {
            throw ValidationError("--record and --replay exclude each other")
        }
        if realTime && replay == nil { throw ValidationError("--real-time needs --replay") }
        if verbose && quiet { throw ValidationError("--verbose and --quiet exclude each other") }
    }

    fileprivate var cassette: CassetteRequest? {
        record.map { .record($0) } ?? replay.map { .replay($0, isRealTime: realTime) }
    }

    /// qsh's own words at the front, and the rest: a recipe with its arguments.
    static func split(_ words: [String]) -> (own: [String], rest: [String]) {
        var index = 0
        while index < words.count {
            let word = words[index]
            if word == "-" || !word.hasPrefix("-") { break }
            if word == "--" { return (Array(words[..<index]), Array(words[(index + 1)...])) }
            if word == "-e" {
                let end = min(index + 2, words.count)
                return (Array(words[..<end]), Array(words[end...]))
            }
            index += valued.contains(word) ? 2 : 1
        }
        index = min(index, words.count)
        return (Array(words[..<index]), Array(words[index...]))
    }
}

/// What a run does with a cassette.
enum CassetteRequest {
    case record(String)
    case replay(String, isRealTime: Bool)
}

/// What the command line asks for.
struct Invocation {
    enum Source {
        case file(String)
        case command(any Subcommand.Type)
        case code(String)
        case standardInput
        case interactive
    }

    var source: Source
    /// The recipe's arguments.
    var arguments: [String]
    var isVerbose: Bool
    var isQuiet: Bool
    var opensPromptOnFailure = false
    var colour = ColourChoice.auto
    var cassette: CassetteRequest?
    var showsTimeline = false

    enum Outcome {
        case run(Invocation)
        /// Help or the version, for standard output.
        case text(String)
        case usageError(Diagnostic)
    }

    static func parse(_ words: [String]) -> Outcome {
        let (own, rest) = QshCommand.split(words)
        // The argument parser costs more CPU time than all the rest of a short run, so the
        // commonest lines do not start it.
        if own.isEmpty {
            return .run(Invocation(code: nil, rest, isVerbose: false, isQuiet: false))
        }
        if own.count == 2, own[0] == "-e", !own[1].hasPrefix("-") {
            return .run(Invocation(code: own[1], rest, isVerbose: false, isQuiet: false))
        }
        let command: QshCommand
        do {
            command = try QshCommand.parse(own)
        } catch {
            let text = QshCommand.message(for: error)
            if QshCommand.exitCode(for: error) == .success { return .text(text) }
            return .usageError(UsageText.diagnostic(text, help: "qsh --help"))
        }
        var invocation = Invocation(
            code: command.code, rest, isVerbose: command.verbose, isQuiet: command.quiet)
        invocation.opensPromptOnFailure = command.replOnFailure
        invocation.colour = command.color
        invocation.cassette = command.cassette
        invocation.showsTimeline = command.timeline
        return .run(invocation)
    }

    /// A recipe without arguments.
    init(file: String, isVerbose: Bool, isQuiet: Bool) {
        source = .file(file)
        arguments = []
        self.isVerbose = isVerbose
        self.isQuiet = isQuiet
    }

    private init(code: String?, _ rest: [String], isVerbose: Bool, isQuiet: Bool) {
        self.isVerbose = isVerbose
        self.isQuiet = isQuiet
        arguments = rest
        if let code {
            source = .code(code)
        } else if let script = rest.first {
            source = Self.source(named: script)
            arguments = Array(rest.dropFirst())
        } else {
            source = .interactive
        }
    }

    private static func source(named word: String) -> Source {
        if word == "-" { return .standardInput }
        return CommandTable.command(named: word).map(Source.command) ?? .file(word)
    }
}
