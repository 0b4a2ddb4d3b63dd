import Glibc
import SystemPackage

/// The kernel's own menu on the user's terminal.
@LoopActor
enum KernelMenu {
    /// Runs it in the foreground until the user leaves it.
    ///
    /// The terminal's mode and its foreground group are put back however it ends.
    /// - Throws: ``TerminalError/notATerminal``, ``KernelConfigError/make(_:_:)``.
    static func run(_ command: Command) async throws {
        guard isatty(0) == 1, isatty(1) == 1 else { throw TerminalError.notATerminal }
        var mode = termios()
        guard tcgetattr(0, &mode) == 0 else { throw TerminalError.failed(Errno(rawValue: errno)) }
        let own = tcgetpgrp(0)
        let child = try ChildProcess.spawn(
            command, descriptors: [0: 0, 1: 1, 2: 2], isolation: .newGroup)
        defer {
            foreground(own)
            tcsetattr(0, TCSADRAIN, &mode)
        }
        foreground(child.pid)
        // It may have read before it was in the foreground, which stops it.
        child.signal(SIGCONT)
        do {
            let exit = try await child.waitForExit(until: .never)
            guard exit == .exited(0) else {
                throw KernelConfigError.make(command, "the menu ended early")
            }
        } catch {
            await child.stop(grace: .seconds(1))
            throw error
        }
    }

    /// Whoever is in the background and changes that is stopped by SIGTTOU unless it is blocked.
    private static func foreground(_ group: pid_t) {
        var blocked = sigset_t()
        var old = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTTOU)
        pthread_sigmask(SIG_BLOCK, &blocked, &old)
        tcsetpgrp(0, group)
        pthread_sigmask(SIG_SETMASK, &old, nil)
    }
}
