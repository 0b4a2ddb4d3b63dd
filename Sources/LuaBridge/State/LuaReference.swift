import QshRuntime

/// Keeps a Lua value alive, and with it its identity.
///
/// Let go from any thread; the value is released on the loop's. One that outlives its state is
/// harmless: it stands for `nil`.
@LoopActor
public final class LuaReference: Sendable {
    let index: Int32
    let home: LuaHome
    /// Lua's name of the value's type.
    public let typeName: String

    init(index: Int32, home: LuaHome, typeName: String) {
        self.index = index
        self.home = home
        self.typeName = typeName
    }

    deinit {
        home.release(index)
    }
}

/// A Lua function that Swift may call.
@LoopActor
public struct LuaFunction: Sendable {
    let reference: LuaReference

    init(_ reference: LuaReference) { self.reference = reference }

    /// Calls the function as a coroutine of its own, so that it may wait.
    ///
    /// Cancelling the caller cancels the coroutine, and the call ends when it has unwound.
    /// - Throws: `LuaError`.
    public func call(_ arguments: [LuaValue] = []) async throws -> [LuaValue] {
        guard let state = reference.home.state else { throw LuaError.closed }
        return try await state.call(self, arguments)
    }

    /// Calls the function inside the present call; it cannot wait there.
    ///
    /// - Throws: `LuaError`.
    public func callWithoutWaiting(_ arguments: [LuaValue] = []) throws -> [LuaValue] {
        guard let state = reference.home.state else { throw LuaError.closed }
        return try state.callWithoutWaiting(self, arguments)
    }
}
