import QshRuntime
import TestSupport
import Testing

@Suite struct DoctorTests {
    @Test func namesEachArchitectureAndWhatElseIsNeeded() async throws {
        let run = try await QshRun("doctor", "--json").finish()
        let found = try #require(JSONValue(parsing: run.stdout.utf8))
        guard case .array(let checks) = found else {
            Issue.record("no list: \(run.stdout)")
            return
        }
        let names = checks.compactMap { $0["name"]?.text }

        for arch in Arch.all { #expect(names.contains("qemu \(arch.name)")) }
        for name in ["acceleration", "kernel", "busybox", "kernel builds", "cache", "lua"] {
            #expect(names.contains(name), "\(name) in \(names)")
        }
        for check in checks { #expect(check["detail"]?.text?.isEmpty == false) }
        #expect(run.status == 0)
    }

    @Test func aHostWithoutQEMUIsToldHowToGetIt() async throws {
        let run = try await QshRun("doctor").with { $0.environment["PATH"] = "/nowhere" }.finish()

        let arch = Arch.ofHost
        #expect(
            run.stdout.contains(
                "MISSING  qemu \(arch.name): \(arch.qemu.binary) is not on PATH\n"),
            "\(run.stdout)")
        #expect(run.stdout.contains("limited  kernel builds: missing: make, compiler, "))
        #expect(run.status == 1)
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionsNameEveryCommand(shell: String) async throws {
        let run = try await QshRun("completions", shell).finish()

        for command in ["doctor", "attach", "triage"] {
            #expect(run.stdout.contains(command), "\(command) in \(shell)'s completions")
        }
        #expect(run.status == 0)
    }
}
