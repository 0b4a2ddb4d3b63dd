import ArgumentParser
import QshRuntime

/// `qsh attach [NAME]`: the console of a machine that another qsh owns, in this terminal.
struct AttachCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "attach", abstract: "Join this terminal to the console of a machine that runs.",
        discussion: "All who are attached, and the recipe, see the same console and type into "
            + "it. Ctrl-] then . leaves; the machine goes on.")

    @Argument(help: "Its name, id or QEMU's process number; the only one that runs by default.")
    var machine: String?

    func execute(_ context: CommandContext) async throws -> Int32 {
        let found = try RunningMachine.find(machine)
        _ = try await found.interact()
        return Verdict.ok.exitCode
    }
}
