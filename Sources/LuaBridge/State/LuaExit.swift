import QshRuntime

/// A recipe called `os.exit`.
///
/// Lua's own ends the process at once; this one unwinds the recipe first, so that its machines are
/// closed.
public struct LuaExit: Error, Equatable {
    /// What the process is to exit with.
    public let status: Int32

    /// `os.exit([code])`: true, false or a number, as in Lua.
    static let primitive = LuaPrimitive.immediate("exit") { call in
        guard let state = call.state else { throw LuaError.closed }
        let status: Int32 =
            switch call.value(at: 1) {
            case .null, .bool(true): 0
            case .bool(false): 1
            default: Int32(truncatingIfNeeded: try call.integer(1, "code"))
            }
        throw LuaExit(status: status).raised(in: state)
    }

    /// The error that unwinds the recipe; ``LuaState/run(_:arguments:)`` then throws this.
    @LoopActor
    func raised(in state: LuaState) -> LuaError {
        state.exit = self
        state.interruptForegroundUnlessRunning(.exit)
        return LuaError(
            .exit, value: .object(LuaErrorObject(.exit, stops: true, home: state.home)))
    }
}

extension Diagnostic {
    fileprivate static let exit = Diagnostic(.ok, "the recipe called os.exit")
}
