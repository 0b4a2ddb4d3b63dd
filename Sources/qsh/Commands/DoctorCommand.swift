import ArgumentParser
import LuaBridge
import QshRuntime

/// `qsh doctor`: what of the host's works, and the command that cures what does not.
struct DoctorCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "doctor", abstract: "Look at what qsh needs of this host, and name each cure.",
        discussion: "Boots nothing and fetches nothing. Exit status: 1 where the main job "
            + "(booting this host's architecture) cannot work, else 0.")

    @Flag(help: "Print a list of { name, status, detail, remedy }.")
    var json = false

    func execute(_ context: CommandContext) async throws -> Int32 {
        var checks = try await Doctor.examine()
        checks.append(HealthCheck("lua", .ok, LuaState.version))
        if json {
            StandardOutput.write(JSONValue.array(checks.map(\.json)))
        } else {
            for check in checks { StandardOutput.write(line(check)) }
        }
        let isWell = !checks.contains { $0.status == .missing }
        return isWell ? Verdict.ok.exitCode : Verdict.recipeFailed.exitCode
    }

    private func line(_ check: HealthCheck) -> String {
        let mark =
            switch check.status {
            case .ok: "ok     "
            case .limited: "limited"
            case .missing: "MISSING"
            }
        let cure = check.remedy.map { "\n          cure: \($0)" } ?? ""
        return "\(mark)  \(check.name): \(check.detail)\(cure)\n"
    }
}
