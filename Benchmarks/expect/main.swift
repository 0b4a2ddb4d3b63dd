// Waits for a literal (or, with `--pattern`, a Lua pattern) on standard input and prints one line:
// seconds, bytes, peak memory in KiB. `--log FOLDER` keeps the transcript on disk too.
// `--exchange PEER COUNT CONSOLES` talks to an echo peer instead, and prints seconds, CPU seconds,
// exchanges.
import Glibc
import QshRuntime
import SystemPackage

@LoopActor func run() async {
    defer { EventLoop.shared.stop() }
    var arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.first == "--exchange", arguments.count == 4,
        let count = Int(arguments[2]), let consoles = Int(arguments[3])
    {
        do {
            try await Exchange(peer: arguments[1], count: count, consoles: consoles).run()
        } catch {
            print("error: \(error)")
        }
        return
    }
    let isPattern = arguments.first == "--pattern"
    if isPattern { arguments.removeFirst() }
    var folder: FilePath?
    if arguments.first == "--log", arguments.count > 1 {
        folder = FilePath(arguments[1])
        arguments.removeFirst(2)
    }
    let needle = arguments.first ?? "needle"
    let start = Deadline.now
    let console = Console(transcript: Transcript(folder: folder))
    console.attach(ByteChannel(descriptor: 0))
    do {
        let pattern: ConsolePattern = try isPattern ? .lua(needle) : .literal(needle)
        _ = try await console.expect([pattern], limits: ExpectLimits(total: .seconds(600)))
    } catch {
        print("error: \(error)")
    }
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    print((Deadline.now - start).seconds, console.transcript.count, usage.ru_maxrss)
}

LoopActor.task { await run() }
EventLoop.shared.run()
