import CLinux
import Glibc
import SystemPackage

/// One run of make in a build folder: its words, its surroundings, its end.
@LoopActor
struct KernelMake {
    let source: FilePath
    let out: FilePath
    let words: [String]
    let environment: [String: String?]

    /// The command for some targets.
    func command(_ targets: [String], jobs: Int) -> Command {
        Command(
            ["make", "-C", source.string, "O=\(out)", "-j\(jobs)", "--no-print-directory"] + words
                + targets,
            environment: environment)
    }

    /// As a user would type it: without the variables that qsh takes away.
    func reproducing(_ targets: [String], jobs: Int) -> String {
        var command = command(targets, jobs: jobs)
        let kept = environment.filter { $0.value != nil && $0.key.hasPrefix("KBUILD_BUILD") }
        command.environment = kept
        return command.shellQuoted
    }

    /// Runs make to its end, both streams into `log`.
    ///
    /// Cancelling ends make and everything that it started, in less than two seconds: SIGTERM, on
    /// which make removes what is half made, then SIGKILL.
    func run(_ targets: [String], jobs: Int, log: KernelBuildLog) async throws -> ProcessExit {
        var ends: [Int32] = [-1, -1]
        guard q_pipe(&ends) == 0 else {
            throw ProcessError.cannotStart(program: "make", Errno(rawValue: errno))
        }
        let reader = ByteChannel(descriptor: ends[0])
        defer { reader.close() }
        reader.onBytes = { log.take($0) }
        let child: ChildProcess
        do {
            defer { close(ends[1]) }
            child = try ChildProcess.spawn(
                command(targets, jobs: jobs), descriptors: [1: ends[1], 2: ends[1]])
        }
        do {
            guard let exit = try await child.waitForExit(until: .never) else {
                return .signalled(SIGKILL)
            }
            _ = try await reader.waitForEnd(until: .after(.seconds(1)))
            log.finish()
            return exit
        } catch {
            await child.stop(grace: .milliseconds(1200), limit: .seconds(5))
            throw error
        }
    }
}
