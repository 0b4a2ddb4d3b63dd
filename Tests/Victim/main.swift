// A stand-in for qsh that tests may kill.
//
// `victim spawn PROGRAM [ARGS…]` starts the command with descriptor 5 handed on, writes its pid
// to standard output, and waits for ever.
// `victim boot RUNS KERNEL INITRAMFS` (see MachineVictim.swift) does so with a machine.
// `victim interact TTY` and `victim busy TTY`: see TerminalVictim.swift.
import Glibc
import QshRuntime

let arguments = CommandLine.arguments
guard arguments.count >= 3 else { exit(2) }
switch arguments[1] {
case "spawn":
    let command = Command(Array(arguments[2...]))
    LoopActor.task { await spawn(command) }
case "boot":
    let words = Array(arguments[2...])
    LoopActor.task { await boot(words) }
case "interact":
    let path = arguments[2]
    LoopActor.task { await interact(path) }
case "busy":
    let path = arguments[2]
    LoopActor.task { busy(path) }
default: exit(2)
}
EventLoop.shared.run()

@LoopActor
func spawn(_ command: Command) async {
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
