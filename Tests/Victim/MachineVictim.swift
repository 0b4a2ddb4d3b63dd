import Glibc
import QshRuntime
import SystemPackage

/// Starts a machine whose run folder is below the first argument, writes QEMU's pid to standard
/// output, and waits for the end.
@LoopActor
func boot(_ arguments: [String]) async {
    guard arguments.count == 3 else { exit(2) }
    var configuration = MachineConfiguration(
        kernel: FilePath(arguments[1]), initramfs: FilePath(arguments[2]))
    configuration.accel = .tcg
    do {
        let machine = try await Machine.boot(
            configuration,
            environment: ["PATH": getenv("PATH").map { String(cString: $0) } ?? ""],
            runs: RunDirectoryBase(path: FilePath(arguments[0])))
        print(machine.pid)
        fflush(nil)
        _ = try await machine.wait()
        exit(0)
    } catch {
        print("failed: \(error)")
        exit(1)
    }
}
