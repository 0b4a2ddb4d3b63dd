import CLinux
import Glibc
import LuaBridge
import QshRuntime

extension Session {
    /// Makes Ctrl-C, a hang-up and a request to end stop what runs, so that it unwinds and closes
    /// its machines.
    func watchSignals(lines: (any LineSource)? = nil) -> SignalHandling {
        SignalHandling(lua, lines)
    }
}

/// The signals that qsh reacts to while a session is open.
@LoopActor
final class SignalHandling {
    /// Set by SIGTERM and SIGHUP: the session is to end, not only what it runs.
    private(set) var mustEnd = false
    private var watches: [SignalWatch] = []

    fileprivate init(_ lua: LuaState, _ lines: (any LineSource)?) {
        // A loop in Lua does not let the event loop run, so the handler itself must reach it.
        if let hook = lua.signalHook { qsignal_set_immediate(hook.function, hook.context) }
        watches = [
            SignalWatch(SIGINT) {
                lines?.interrupt()
                lua.interruptWait()
            },
            SignalWatch(SIGWINCH) { lines?.resize() },
        ]
        for number in [SIGTERM, SIGHUP, SIGQUIT] {
            watches.append(
                SignalWatch(number) { [weak self] in
                    self?.mustEnd = true
                    lines?.interrupt()
                    lua.interruptWait()
                })
        }
    }

    func cancel() {
        qsignal_set_immediate(nil, nil)
        for watch in watches { watch.cancel() }
    }
}
