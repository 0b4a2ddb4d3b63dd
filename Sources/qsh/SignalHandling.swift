import CLinux
import Glibc
import LuaBridge
import QshRuntime

extension Session {
    /// Makes Ctrl-C, a hang-up and a request to end stop what runs, so that it unwinds and closes
    /// its machines.
    func watchSignals(lines: (any LineSource)? = nil) -> SignalHandling {
        let handling = SignalHandling(lua)
        handling.lines = lines
        signals = handling
        return handling
    }
}

/// The signals that qsh reacts to while a session is open.
@LoopActor
final class SignalHandling {
    /// Set by SIGTERM and SIGHUP: the session is to end, not only what it runs.
    private(set) var mustEnd = false
    /// Where lines are read from; Ctrl-C gives up the one that is being typed.
    var lines: (any LineSource)?
    private var watches: [SignalWatch] = []
    /// The last Ctrl-C, and what it was to stop.
    private var interrupted: (at: Deadline, run: UInt64)?

    fileprivate init(_ lua: LuaState) {
        // A loop in Lua does not let the event loop run, so the handler itself must reach it.
        if let hook = lua.signalHook { qsignal_set_immediate(hook.function, hook.context) }
        watches = [
            SignalWatch(SIGINT) { [weak self] in self?.interrupt(lua) },
            SignalWatch(SIGWINCH) { [weak self] in self?.lines?.resize() },
        ]
        for number in [SIGTERM, SIGHUP, SIGQUIT] {
            watches.append(
                SignalWatch(number) { [weak self] in
                    self?.mustEnd = true
                    self?.lines?.interrupt()
                    lua.interruptWait()
                })
        }
    }

    private func interrupt(_ lua: LuaState) {
        if let lines, lines.isReading {
            // What waits below a breakpoint goes on waiting.
            lua.dropInterrupt()
            return lines.interrupt()
        }
        // Whatever does not end when it is asked to: the second Ctrl-C gets out. What comes at once
        // is one signal that was sent twice.
        let now = Deadline.now
        if let last = interrupted, last.run == lua.foregroundRun {
            let seconds = now.secondsOfClock - last.at.secondsOfClock
            if seconds >= 0.1, seconds < 2 {
                TerminalMode.restoreForExit()
                _exit(Verdict.interrupted.exitCode)
            }
        }
        interrupted = (now, lua.foregroundRun)
        lua.interruptWait()
    }

    func cancel() {
        qsignal_set_immediate(nil, nil)
        for watch in watches { watch.cancel() }
    }
}
