import ArgumentParser
import QshRuntime
import SystemPackage

/// `qsh ps`: the machines that run.
struct PsCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "ps", abstract: "List the machines that run, of every qsh of this user.")

    @Flag(help: "Print a list of { id, name, pid, owner, age, command, folder }.")
    var json = false

    func execute(_ context: CommandContext) async throws -> Int32 {
        let machines = try RunningMachine.all()
        if json {
            StandardOutput.write(JSONValue.array(machines.map(\.json)))
            return Verdict.ok.exitCode
        }
        guard !machines.isEmpty else {
            context.say("no machine runs")
            return Verdict.ok.exitCode
        }
        let rows =
            [["NAME", "ID", "QEMU", "QSH", "AGE"]]
            + machines.map { [$0.name, $0.id, "\($0.pid)", "\($0.owner)", Self.age($0.age)] }
        StandardOutput.write(TextTable.text(rows))
        return Verdict.ok.exitCode
    }

    private static func age(_ seconds: Int) -> String {
        switch seconds {
        case ..<60: "\(seconds)s"
        case ..<3600: "\(seconds / 60)m\(seconds % 60)s"
        default: "\(seconds / 3600)h\(seconds / 60 % 60)m"
        }
    }
}

extension RunningMachine {
    fileprivate var json: JSONValue {
        .object([
            "id": .string(id), "name": .string(name), "pid": .integer(Int64(pid)),
            "owner": .integer(Int64(owner)), "age": .integer(Int64(age)),
            "command": .string(command), "folder": .string(folder.string),
        ])
    }
}
