import QshRuntime

/// A primitive as one state holds it.
final class BoundPrimitive: Sendable {
    let name: String
    let body: LuaPrimitive.Body
    let home: LuaHome

    init(name: String, body: LuaPrimitive.Body, home: LuaHome) {
        self.name = name
        self.body = body
        self.home = home
    }
}
