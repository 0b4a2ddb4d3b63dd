import Glibc
import QshRuntime

/// A machine that echoes, and ends when it is sent an `x`.
@LoopActor
private final class EchoMachine {
    private var show: (@LoopActor (UnsafeRawBufferPointer) -> Void)?
    private var hasEnded = false
    private let changed = Broadcast()

    var peer: TerminalPeer {
        TerminalPeer(
            send: { self.receive($0) },
            subscribe: {
                self.show = $0
                return 1
            },
            unsubscribe: { _ in self.show = nil },
            changed: changed, hasEnded: { self.hasEnded })
    }

    private func receive(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { show?($0) }
        hasEnded = bytes.contains(UInt8(ascii: "x"))
        changed.notify()
    }
}

/// Attaches the terminal, which becomes this session leader's controlling one, to an echo. SIGTERM
/// and SIGHUP end it with 128 and their number, as the program does.
@LoopActor
func interact(_ path: String) async {
    let terminal = open(path, O_RDWR)
    let session = LoopActor.task {
        do {
            let configuration = TerminalSessionConfiguration(
                name: "pid \(getpid())", descriptor: terminal)
            _ = try await TerminalSession.interact(with: EchoMachine().peer, configuration)
            exit(0)
        } catch is CancellationError {
            return
        } catch {
            print("failed: \(error)")
            exit(1)
        }
    }
    for number in [SIGTERM, SIGHUP] {
        _ = SignalWatch(number) {
            session.cancel()
            LoopActor.task {
                await session.value
                exit(128 + number)
            }
        }
    }
}

/// Holds the terminal and never lets the loop go on, as a Lua pattern that backtracks for ever.
@LoopActor
func busy(_ path: String) {
    let terminal = open(path, O_RDWR)
    guard let mode = try? TerminalMode(raw: terminal) else { exit(1) }
    _ = SignalWatch(SIGINT) {}
    write(terminal, "busy", 4)
    while true { withExtendedLifetime(mode) {} }
}
