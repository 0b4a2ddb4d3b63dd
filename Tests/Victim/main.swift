// A stand-in for qsh that tests may kill.
//
// `victim spawn PROGRAM [ARGS…]` starts the command with descriptor 5 handed on, writes its pid
// to standard output, and waits for ever. `victim boot RUNS KERNEL INITRAMFS` does so with a
// machine, its run folder below RUNS.
import Glibc
import QshRuntime
import SystemPackage

@LoopActor
func spawn(_ arguments: [String]) async throws {
    let child = try ChildProcess.spawn(Command(arguments), descriptors: [1: 1, 2: 2, 5: 5])
    report(child.pid)
    _ = try await child.waitForExit(until: .never)
}

@LoopActor
func boot(_ arguments: [String]) async throws {
    var configuration = MachineConfiguration(
        kernel: FilePath(arguments[1]), initramfs: FilePath(arguments[2]))
    configuration.accel = .tcg
    let machine = try await Machine.boot(
        configuration, environment: ["PATH": getenv("PATH").map { String(cString: $0) } ?? ""],
        runs: RunDirectoryBase(path: FilePath(arguments[0])))
    report(machine.pid)
    _ = try await machine.wait()
}

func report(_ pid: Int32) {
    print(pid)
    fflush(nil)
}

let arguments = CommandLine.arguments
LoopActor.task {
    do {
        switch (arguments.dropFirst().first, arguments.count) {
        case ("spawn", 3...): try await spawn(Array(arguments[2...]))
        case ("boot", 5): try await boot(Array(arguments[2...]))
        default: exit(2)
        }
        exit(0)
    } catch {
        print("failed: \(error)")
        exit(1)
    }
}
EventLoop.shared.run()
