import QshRuntime

/// A function of an API module, as data.
public struct LuaPrimitive: Sendable {
    /// A body that returns at once. It must not block the thread.
    public typealias Immediate = @LoopActor @Sendable (LuaCall) throws -> [LuaValue]
    /// A body that may wait; the calling coroutine is suspended until it ends.
    public typealias Suspending = @LoopActor @Sendable (LuaCall) async throws -> [LuaValue]

    /// What happens when Lua calls.
    public enum Body: Sendable {
        /// Runs inside the call.
        case immediate(Immediate)
        /// Runs as a task of its own while the coroutine is suspended.
        case suspending(Suspending)
    }

    /// The name within its module or type: `boot`.
    public let name: String
    /// What it does.
    public let body: Body
    /// Whether `try_NAME` is made beside it, which returns `nil, err` where this one raises.
    public let hasTry: Bool

    /// A primitive that returns at once.
    public static func immediate(
        _ name: String, hasTry: Bool = false, _ body: @escaping Immediate
    ) -> LuaPrimitive {
        LuaPrimitive(name: name, body: .immediate(body), hasTry: hasTry)
    }

    /// A primitive that waits.
    ///
    /// The body starts after the coroutine was suspended, in a `LoopActor.task`, which is cancelled
    /// when the coroutine is; objects that a cancelled body still returns are collected.
    public static func suspending(
        _ name: String, hasTry: Bool = false, _ body: @escaping Suspending
    ) -> LuaPrimitive {
        LuaPrimitive(name: name, body: .suspending(body), hasTry: hasTry)
    }
}

/// A table of the API: `qsh.machine`.
public struct LuaModule: Sendable {
    /// The name within its parent: `machine`.
    public var name: String
    /// Its functions.
    public var primitives: [LuaPrimitive]
    /// Its other fields.
    public var constants: [(name: String, value: LuaValue)]
    /// Tables within it.
    public var submodules: [LuaModule]

    /// Makes a module.
    public init(
        _ name: String, primitives: [LuaPrimitive] = [],
        constants: [(name: String, value: LuaValue)] = [], submodules: [LuaModule] = []
    ) {
        self.name = name
        self.primitives = primitives
        self.constants = constants
        self.submodules = submodules
    }
}
