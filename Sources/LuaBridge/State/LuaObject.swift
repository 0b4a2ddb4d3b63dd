import QshRuntime

/// A Swift object that recipes hold as a userdata.
///
/// One object is one userdata for as long as Lua holds it, so `m.console == m.console`. Lua owns a
/// strong reference until it collects the userdata.
@LoopActor
public protocol LuaObject: AnyObject, Sendable {
    /// Name, methods and properties; asked once for each state.
    static var luaType: LuaType { get }

    /// What `tostring` returns.
    var luaDescription: String { get }

    /// Called where a to-be-closed variable goes out of scope, also while an error unwinds.
    ///
    /// The coroutine is suspended meanwhile. Must end, and must bear being called twice.
    func luaClose() async

    /// Called when Lua lets go of the object, closed or not. Must not wait.
    func luaCollect()
}

extension LuaObject {
    /// Nothing to release.
    public func luaClose() async { luaCollect() }
    /// Nothing to release.
    public func luaCollect() {}
    /// The type's name.
    public var luaDescription: String { Self.luaType.name }
}

/// What a userdata looks like from Lua.
public struct LuaType: Sendable {
    /// As in error texts: `qsh.machine`.
    public var name: String
    /// Functions called with `:`; ``LuaCall/receiver(as:)`` gives the object.
    public var methods: [LuaPrimitive]
    /// Fields read (and written) without a call.
    public var properties: [LuaProperty]
    /// Whether reading a field that does not exist raises an error instead of giving `nil`.
    public var refusesUnknownFields: Bool

    /// Makes a type.
    public init(
        _ name: String, methods: [LuaPrimitive] = [], properties: [LuaProperty] = [],
        refusesUnknownFields: Bool = true
    ) {
        self.name = name
        self.methods = methods
        self.properties = properties
        self.refusesUnknownFields = refusesUnknownFields
    }
}

/// A field of an object that is computed at each access. Must not wait.
public struct LuaProperty: Sendable {
    /// The field's name.
    public let name: String
    let get: @LoopActor @Sendable (any LuaObject) throws -> LuaValue
    let set: (@LoopActor @Sendable (any LuaObject, LuaValue) throws -> Void)?

    /// Makes a field; without `set`, assigning to it raises an error.
    public init<Object: LuaObject>(
        _ name: String, of type: Object.Type,
        set: (@LoopActor @Sendable (Object, LuaValue) throws -> Void)? = nil,
        get: @escaping @LoopActor @Sendable (Object) throws -> LuaValue
    ) {
        self.name = name
        self.get = { object in
            guard let object = object as? Object else { return .null }
            return try get(object)
        }
        guard let set else {
            self.set = nil
            return
        }
        self.set = { object, value in
            if let object = object as? Object { try set(object, value) }
        }
    }
}
