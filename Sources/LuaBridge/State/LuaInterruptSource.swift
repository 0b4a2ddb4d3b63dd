import CLinux
import CLuaShims
import Glibc
import QshRuntime

/// Makes a signal interrupt a state: Ctrl-C with `SIGINT`. One at a time in a process.
///
/// Running Lua is stopped from the handler itself, a wait by the loop. A second signal 2 s after a
/// first one that nothing has taken (a long C call runs) ends the process with status 130.
@LoopActor
public final class LuaInterruptSource {
    private let signal: Int32
    private let descriptor: Int32
    private var watch: DescriptorWatch?

    /// Installs the handler.
    ///
    /// - Parameter onSignal: told after each signal, on the loop; counts how often the user asks.
    public init(
        _ state: LuaState, signal: Int32 = SIGINT,
        onSignal: @escaping @LoopActor () -> Void = {}
    ) throws {
        self.signal = signal
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard let lua = state.lua, descriptor >= 0,
            qlua_catch_signal(lua, signal, descriptor) == 0
        else {
            if descriptor >= 0 { Glibc.close(descriptor) }
            throw LuaError(Diagnostic(.usage, "cannot catch signal \(signal): errno \(errno)"))
        }
        let descriptor = descriptor
        watch = EventLoop.shared.watch(descriptor, for: .readable) { [weak state] _ in
            var count: UInt64 = 0
            _ = read(descriptor, &count, 8)
            state?.deliverInterrupt()
            onSignal()
        }
    }

    /// Gives the signal its default action back. Must be called before the state is closed.
    public func cancel() {
        guard let watch else { return }
        self.watch = nil
        qlua_ignore_signal(signal)
        watch.cancel()
        Glibc.close(descriptor)
    }
}
