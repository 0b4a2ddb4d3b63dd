import ArgumentParser
import QshRuntime

/// `qsh kill NAME…`: ends machines, whoever owns them.
struct KillCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "kill", abstract: "End machines as a power cut does.",
        discussion: "Their recipes see a machine that somebody killed. QEMU gets SIGTERM, and "
            + "SIGKILL after three seconds.")

    @Argument(help: "Names, ids or QEMU's process numbers, as `qsh ps` lists them.")
    var machines: [String] = []

    @Flag(help: "End every machine of this user.")
    var all = false

    func validate() throws {
        guard all != machines.isEmpty else { return }
        throw ValidationError(
            all ? "--all and names exclude each other" : "name a machine, or give --all")
    }

    func execute(_ context: CommandContext) async throws -> Int32 {
        let found =
            all ? try RunningMachine.all() : try machines.map { try RunningMachine.find($0) }
        if found.isEmpty { context.say("no machine runs") }
        for machine in found {
            let wasRunning = try await machine.kill()
            context.say(wasRunning ? "killed \(machine.id)" : "\(machine.id) had ended already")
        }
        return Verdict.ok.exitCode
    }
}
