import Glibc
import SystemPackage

/// A machine of a cassette that takes the place of a new one.
struct PlayedMachine: Sendable {
    /// How it was started when it was recorded.
    let boot: CassetteBoot
    /// Runs its player.
    let command: Command

    /// The word after qsh's own path that makes the process a player.
    static let word = "_player"
}

extension Machine {
    /// Starts the next machine of a cassette; the configuration's own is not looked at.
    static func replay(
        _ cassette: Cassette, _ configuration: MachineConfiguration, name: String,
        runs: RunDirectoryBase, console: ConsoleConfiguration,
        log: @LoopActor (String) -> Void, onConsole: @LoopActor (Console) -> Void
    ) async throws -> Machine {
        let (number, boot) = try cassette.next()
        var configuration = configuration
        configuration.hasCommandChannel = boot.hasAgent
        let program = FilePath("/proc/self/exe")
        var words = [program.string, PlayedMachine.word, cassette.path.string, String(number)]
        if cassette.isRealTime { words.append("real-time") }
        let launch = MachineLaunch(
            configuration: configuration, root: nil, name: name, qemu: program, runs: runs,
            console: console, played: PlayedMachine(boot: boot, command: Command(words)))
        let choice = Accelerator.Choice(boot.accelerator, "as recorded", wasAutomatic: false)
        log("replay: machine \(number) of `\(cassette.path)`")
        return try await launch.start(choice, onConsole)
    }
}

extension CassettePlayer {
    /// Runs the player that these arguments of the program ask for.
    ///
    /// - Parameter onAbandoned: called where nobody is left to play to; it should end the process.
    /// - Returns: the exit code; nil where they ask for none. A process that a signal ended when it
    ///   was recorded ends by that signal.
    public static func run(
        _ arguments: [String], onAbandoned: @escaping @LoopActor () -> Void
    ) async -> Int32? {
        guard arguments.count >= 3, arguments[0] == PlayedMachine.word,
            let machine = Int(arguments[2])
        else { return nil }
        let player: CassettePlayer
        do throws(CassetteError) {
            player = try CassettePlayer(
                FilePath(arguments[1]), machine: machine,
                isRealTime: arguments.dropFirst(3).first == "real-time",
                onAbandoned: onAbandoned)
        } catch {
            return 2
        }
        let status = await player.play()
        guard status < 0 else { return status }
        raise(-status)
        kill(getpid(), SIGKILL)
        return 1
    }

    /// Whether the program was started to be one.
    public nonisolated static func isAsked(_ arguments: [String]) -> Bool {
        arguments.first == PlayedMachine.word
    }
}
