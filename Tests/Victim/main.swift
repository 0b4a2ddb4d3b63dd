// A stand-in for qsh that tests may kill. `victim spawn PROGRAM [ARGS…]` starts the command with
// descriptor 5 handed on, writes its pid to standard output, and waits for ever.
import Glibc
import QshRuntime

let arguments = CommandLine.arguments
guard arguments.count >= 3, arguments[1] == "spawn" else { exit(2) }
let command = Command(Array(arguments[2...]))
LoopActor.task {
    do {
        let child = try ChildProcess.spawn(command, descriptors: [1: 1, 2: 2, 5: 5])
        print(child.pid)
        fflush(nil)
        _ = try await child.waitForExit(until: .never)
        exit(0)
    } catch {
        print("failed: \(error)")
        exit(1)
    }
}
EventLoop.shared.run()
