import CEditlineShims
import Glibc
import QshRuntime

/// The program: from the command line to the exit code.
@main
enum Program {
    static func main() {
        prepareProcess()
        if let broken = brokenArgument {
            StandardError.write(DiagnosticRenderer.standardError.render(broken))
            exit(broken.verdict.exitCode)
        }
        let arguments = Array(CommandLine.arguments.dropFirst())
        if CassettePlayer.isAsked(arguments) {
            exit(
                onLoop {
                    await CassettePlayer.run(arguments, onAbandoned: { _exit(0) })
                        ?? Verdict.usage.exitCode
                })
        }
        let status: Int32
        switch Invocation.parse(arguments) {
        case .text(let text):
            print(text)
            status = Verdict.ok.exitCode
        case .usageError(let diagnostic):
            StandardError.write(DiagnosticRenderer.standardError.render(diagnostic))
            status = diagnostic.verdict.exitCode
        case .run(let invocation):
            status = run(invocation)
        }
        exit(StandardOutput.finish(status))
    }

    private static func run(_ invocation: Invocation) -> Int32 {
        Colour.choose(invocation.colour)
        switch invocation.source {
        case .interactive: return REPL(invocation).run()
        case .command(let type): return run(type, invocation)
        case .file, .code, .standardInput: return onLoop { await Session.run(invocation) }
        }
    }

    private static func run(_ type: any Subcommand.Type, _ invocation: Invocation) -> Int32 {
        switch CommandRun.parse(type, invocation.arguments) {
        case .text(let text):
            print(text)
            return Verdict.ok.exitCode
        case .usageError(let diagnostic):
            StandardError.write(DiagnosticRenderer.standardError.render(diagnostic))
            return diagnostic.verdict.exitCode
        case .run(let command):
            let context = CommandContext(
                isVerbose: invocation.isVerbose, isQuiet: invocation.isQuiet)
            let work = Box(command)
            return onLoop { await CommandRun.execute(work.value, context) }
        }
    }

    private static func onLoop(
        _ body: @escaping @LoopActor @Sendable () async -> Int32
    ) -> Int32 {
        MainLoop.run(body) ?? Verdict.recipeFailed.exitCode
    }

    /// An argument that is not UTF-8, which Swift would have changed without a word.
    private static var brokenArgument: Diagnostic? {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let start = CommandLine.unsafeArgv[index] else { continue }
            let bytes = UnsafeBufferPointer(start: start, count: strlen(start)).map {
                UInt8(bitPattern: $0)
            }
            if String(validating: bytes, as: UTF8.self) != nil { continue }
            return Diagnostic(
                .usage, "argument \(index) `\(printable(bytes))` is not UTF-8",
                hint:
                    "give the folder that it is in, or a symlink to it")
        }
        return nil
    }

    /// What must hold before anything else runs.
    private static func prepareProcess() {
        // A descriptor that is missing would be given to the next file that is opened. On one that
        // was closed, writing must fail and not be swallowed: hence read-only.
        for number: Int32 in 0...2 where fcntl(number, F_GETFD) < 0 {
            _ = open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY)
        }
        signal(SIGPIPE, SIG_IGN)
        // Lua formats and parses numbers through the C library: only characters are localised.
        if setlocale(LC_CTYPE, "") == nil || String(cString: nl_langinfo(Int32(CODESET))) != "UTF-8"
        {
            setlocale(LC_CTYPE, "C.UTF-8")
        }
    }
}

/// A value that a task leaves behind for the thread that runs the loop.
final class Box<Value>: @unchecked Sendable {
    var value: Value
    init(_ value: Value) { self.value = value }
}
