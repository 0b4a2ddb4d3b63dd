import CLinux
import Glibc
import SystemPackage

/// Raw mode of the user's terminal, undone on every way out.
///
/// While it is held, a guard process waits beside qsh and restores the terminal where qsh dies
/// without doing so, `kill -9` included. SIGTSTP from outside stops qsh with the terminal restored,
/// and SIGCONT makes it raw again. (Ctrl-Z typed in raw mode is a byte, not a signal.) SIGTERM and
/// SIGHUP are for the program to watch; where it does not, they kill it and the guard restores.
@LoopActor
public final class TerminalMode {
    private var terminal: OpaquePointer?
    private var watches: [SignalWatch] = []
    /// Called after the terminal is raw again, since whoever ran meanwhile has used the screen.
    public var onResume: (@LoopActor () -> Void)?

    /// Saves the terminal's mode, starts the guard and makes the terminal raw.
    ///
    /// - Parameter descriptor: the terminal; must stay open until ``restore()``.
    /// - Throws: ``TerminalError/notATerminal``, ``TerminalError/busy`` while another one is held,
    ///   or ``TerminalError/failed(_:)``.
    public init(raw descriptor: Int32) throws(TerminalError) {
        guard let terminal = qterminal_open(descriptor) else {
            switch errno {
            case ENOTTY, EBADF, EINVAL: throw .notATerminal
            case EBUSY: throw .busy
            default: throw .failed(Errno(rawValue: errno))
            }
        }
        self.terminal = terminal
        watches = [
            SignalWatch(SIGTSTP) { [weak self] in self?.suspend() },
            SignalWatch(SIGCONT) { [weak self] in self?.resume() },
        ]
        guard qterminal_raw(terminal) == 0 else {
            let error = Errno(rawValue: errno)
            restore()
            throw .failed(error)
        }
    }

    isolated deinit { restore() }

    /// The guard's process number while it is held.
    public var guardPID: Int32? { terminal.map { qterminal_guard_pid($0) } }

    /// Puts the terminal back as it was, drops unread input, and sends the guard away.
    public func restore() {
        guard let terminal else { return }
        self.terminal = nil
        for watch in watches { watch.cancel() }
        watches = []
        qterminal_close(terminal)
    }

    /// Restores whatever terminal is held, for a program that is about to end in the middle of
    /// things. Callable from anywhere, a signal handler included.
    public nonisolated static func restoreForExit() { qterminal_restore_active() }

    private func suspend() {
        guard let terminal else { return }
        qterminal_restore(terminal)
        qsignal_stop_self()
        resume()
    }

    private func resume() {
        guard let terminal, qterminal_raw(terminal) == 0 else { return }
        onResume?()
    }
}
