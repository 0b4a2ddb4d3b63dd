// Waits for a literal (or, with `--pattern`, a Lua pattern) on standard input and prints one line:
// seconds, bytes, peak memory in KiB. `--log FOLDER` keeps the transcript on disk too.
import Glibc
import QshRuntime
import SystemPackage

@LoopActor func run() async {
    var arguments = Array(CommandLine.arguments.dropFirst())
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
    EventLoop.shared.stop()
}

LoopActor.task { await run() }
EventLoop.shared.run()
