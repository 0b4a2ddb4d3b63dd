import CLuaShims
import QshRuntime

/// A primitive as one state holds it.
final class BoundPrimitive: Sendable {
    /// The body without its isolation: the shim calls on the loop's thread only, and asking for
    /// that at each call would cost as much as the call itself.
    enum Body: Sendable {
        case immediate(@Sendable (LuaCall) throws -> [LuaValue])
        case suspending(LuaPrimitive.Suspending)
    }

    let name: String
    let body: Body
    let isMethod: Bool
    let home: LuaHome

    init(_ primitive: LuaPrimitive, name: String, isMethod: Bool, home: LuaHome) {
        self.name = name
        self.isMethod = isMethod
        self.home = home
        switch primitive.body {
        case .immediate(let body):
            self.body = .immediate(
                unsafeBitCast(body, to: (@Sendable (LuaCall) throws -> [LuaValue]).self))
        case .suspending(let body): self.body = .suspending(body)
        }
    }

    var flags: UInt32 {
        var flags = isMethod ? UInt32(QLUA_METHOD) : 0
        if case .suspending = body { flags |= UInt32(QLUA_SUSPENDS) }
        return flags
    }
}
