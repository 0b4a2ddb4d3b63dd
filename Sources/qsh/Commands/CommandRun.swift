import ArgumentParser
import Glibc
import QshRuntime

/// One command on its way from the command line to the exit code.
enum CommandRun {
    enum Outcome {
        case run(any Subcommand)
        /// Help, for standard output.
        case text(String)
        case usageError(Diagnostic)
    }

    static func parse(_ type: any Subcommand.Type, _ words: [String]) -> Outcome {
        do {
            return .run(try type.parse(words))
        } catch {
            let text = type.fullMessage(for: error)
            if type.exitCode(for: error) == .success { return .text(text) }
            let name = type.configuration.commandName ?? ""
            return .usageError(
                UsageText.diagnostic(type.message(for: error), help: "qsh \(name) --help"))
        }
    }

    /// Runs it to its end, stopped by Ctrl-C, a hang-up or a request to end.
    @LoopActor
    static func execute(_ command: any Subcommand, _ context: CommandContext) async -> Int32 {
        let status = Box<Int32>(Verdict.interrupted.exitCode)
        var isStopped = false
        let work = LoopActor.task {
            do {
                status.value = try await command.execute(context)
            } catch is CancellationError {
                status.value = Verdict.interrupted.exitCode
            } catch {
                status.value = Session.report(error)
            }
        }
        let watches = [SIGINT, SIGTERM, SIGHUP, SIGQUIT].map { number in
            SignalWatch(number) {
                // The first asks, the second insists: what qsh started dies with it.
                if isStopped { _exit(Verdict.interrupted.exitCode) }
                isStopped = true
                work.cancel()
            }
        }
        await work.value
        for watch in watches { watch.cancel() }
        Reporter.shared.progress(nil)
        return isStopped && status.value != 0 ? Verdict.interrupted.exitCode : status.value
    }
}
