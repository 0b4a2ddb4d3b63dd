import CLuaShims
import QshRuntime

/// One call of a primitive: its arguments, read as they are asked for.
///
/// Valid in the primitive's body only. Positions count from 1 and leave a method's receiver out.
@LoopActor
public struct LuaCall: Sendable {
    let primitive: BoundPrimitive
    /// Set while the values are still on Lua's stack; nil in a body that waits.
    private nonisolated(unsafe) let frame: OpaquePointer?
    private nonisolated(unsafe) let receiver: UnsafeMutableRawPointer?
    private let values: [LuaValue]
    private let object: (any LuaObject)?
    /// The task that a waiting body keeps waiting.
    let caller: LuaTask?
    /// How many arguments there are.
    public let count: Int

    nonisolated init(
        _ primitive: BoundPrimitive, frame: OpaquePointer, count: Int32,
        receiver: UnsafeMutableRawPointer?
    ) {
        self.primitive = primitive
        self.frame = frame
        self.receiver = receiver
        self.count = max(0, Int(count) - (primitive.isMethod ? 1 : 0))
        values = []
        object = nil
        caller = nil
    }

    private init(detaching call: LuaCall, for caller: LuaTask?) throws {
        var values: [LuaValue] = []
        for index in 0..<call.count { values.append(try call.copy(index + 1)) }
        primitive = call.primitive
        count = call.count
        object = call.receivingObject
        self.values = values
        self.caller = caller
        frame = nil
        receiver = nil
    }

    /// A copy that stays valid once Lua's stack has gone on.
    func detached(for caller: LuaTask?) throws -> LuaCall {
        try LuaCall(detaching: self, for: caller)
    }

    /// In a body that waits: the coroutine that does, `null` elsewhere.
    public var coroutine: LuaValue { caller?.thread ?? .null }

    /// The name in error texts: `qsh.machine.boot`.
    public var functionName: String { primitive.name }

    /// The state that made the call.
    public var state: LuaState? { primitive.home.state }

    /// An argument, `null` where there is none. Copies tables.
    ///
    /// A table that cannot be copied, as it contains itself, comes as ``LuaValue/opaque(_:)``;
    /// getters that throw tell why.
    public func value(at index: Int) -> LuaValue {
        (try? copy(index)) ?? (try? pinned(at: index)) ?? .null
    }

    /// An argument with its identity: tables come as ``LuaValue/opaque(_:)``.
    ///
    /// For primitives that return at once; a waiting one has copies only.
    public func pinned(at index: Int) throws -> LuaValue {
        try copy(index, flags: Int32(QLUA_PIN_TABLES))
    }

    private func copy(_ index: Int, flags: Int32 = 0) throws -> LuaValue {
        guard index >= 1, index <= count else { return .null }
        guard let frame else { return values[index - 1] }
        let slot = slot(index)
        switch Int(qlua_type(frame, slot)) {
        case QLUA_TYPE_NONE, QLUA_TYPE_NIL: return .null
        case QLUA_TYPE_BOOLEAN: return .bool(qlua_boolean(frame, slot) != 0)
        case QLUA_TYPE_NUMBER: return number(in: frame, slot)
        case QLUA_TYPE_STRING: return .string(stackBytes(slot) ?? [])
        default:
            guard let state else { throw LuaError.closed }
            return try state.argument(frame, slot, flags: flags)
        }
    }

    private func slot(_ index: Int) -> Int32 { Int32(index + (primitive.isMethod ? 1 : 0)) }

    private func number(in frame: OpaquePointer, _ slot: Int32) -> LuaValue {
        var integer: Int64 = 0
        return qlua_integer(frame, slot, &integer) != 0
            ? .integer(integer) : .number(qlua_number(frame, slot))
    }

    private func stackBytes(_ slot: Int32) -> [UInt8]? {
        var length = 0
        guard let frame, let text = qlua_string(frame, slot, &length) else { return nil }
        return Array(UnsafeRawBufferPointer(start: text, count: length))
    }

    /// A string argument that is still on the stack, as text, without a copy in between.
    private func stackText(_ index: Int) -> String? {
        var length = 0
        guard let frame, index <= count, let text = qlua_string(frame, slot(index), &length)
        else { return nil }
        return String(
            decoding: UnsafeRawBufferPointer(start: text, count: length), as: UTF8.self)
    }

    private var receivingObject: (any LuaObject)? {
        receiver.map { Unmanaged<ObjectBox>.fromOpaque($0).takeUnretainedValue().object } ?? object
    }

    /// The object before the `:`.
    public func receiver<Object: LuaObject>(as type: Object.Type = Object.self) throws -> Object {
        let any = receivingObject
        guard let object = any as? Object else {
            throw LuaArgumentError.receiver(
                function: functionName, type: type.luaType.name,
                got: any.map { LuaValue.object($0).displayed } ?? "none")
        }
        return object
    }

    /// Breaks the stack; for the test of the trap.
    func unbalance() {
        if let frame { qlua_unbalance(frame) }
    }

    /// The object before the `:`, of whatever type.
    func anyReceiver(_ typeName: String) throws -> any LuaObject {
        guard let object = receivingObject else {
            throw LuaArgumentError.receiver(
                function: functionName, type: typeName, got: "none")
        }
        return object
    }

    /// The error for an argument that does not fit, got and expected both named.
    ///
    /// - Parameter got: where it is not the argument itself but an element of it.
    public func mismatch(
        _ index: Int, _ name: String, expects: String, got: LuaValue? = nil
    ) -> LuaArgumentError {
        .argument(
            function: functionName, index: index, name: name, expects: expects,
            got: (got ?? value(at: index)).displayed)
    }
}

// MARK: typed arguments

extension LuaCall {
    /// A string argument as text. A number is refused.
    public func string(_ index: Int, _ name: String) throws -> String {
        guard let text = stackText(index) ?? value(at: index).text else {
            throw mismatch(index, name, expects: "a string")
        }
        return text
    }

    /// A string argument as bytes.
    public func bytes(_ index: Int, _ name: String) throws -> [UInt8] {
        guard case .string(let bytes) = value(at: index) else {
            throw mismatch(index, name, expects: "a string")
        }
        return bytes
    }

    /// An integer argument; a float with an integral value counts.
    public func integer(_ index: Int, _ name: String) throws -> Int {
        guard let integer = value(at: index).wholeNumber else {
            throw mismatch(index, name, expects: "an integer")
        }
        return integer
    }

    /// A number argument.
    public func number(_ index: Int, _ name: String) throws -> Double {
        guard let number = value(at: index).anyNumber else {
            throw mismatch(index, name, expects: "a number")
        }
        return number
    }

    /// A boolean argument.
    public func bool(_ index: Int, _ name: String) throws -> Bool {
        guard case .bool(let bool) = value(at: index) else {
            throw mismatch(index, name, expects: "a boolean")
        }
        return bool
    }

    /// A table argument, copied.
    public func table(_ index: Int, _ name: String) throws -> LuaTable {
        guard case .table(let table) = try copy(index) else {
            throw mismatch(index, name, expects: "a table")
        }
        return table
    }

    /// A function argument.
    public func function(_ index: Int, _ name: String) throws -> LuaFunction {
        guard case .function(let function) = value(at: index) else {
            throw mismatch(index, name, expects: "a function")
        }
        return function
    }

    /// An object argument of one type.
    public func object<Object: LuaObject>(
        _ index: Int, _ name: String, as type: Object.Type = Object.self
    ) throws -> Object {
        guard case .object(let any) = value(at: index), let object = any as? Object else {
            throw mismatch(index, name, expects: "a \(type.luaType.name)")
        }
        return object
    }

    /// What `get` gives, or nil where the argument is `nil` or absent.
    ///
    /// `try call.optional(2) { try call.string(2, "mode") }`
    public func optional<Value>(_ index: Int, _ get: () throws -> Value) rethrows -> Value? {
        value(at: index).isNull ? nil : try get()
    }

    /// The options table at `index`; no options where it is `nil` or absent.
    public func options(at index: Int) throws -> LuaOptions {
        switch try copy(index) {
        case .null: LuaOptions(LuaTable(), function: functionName)
        case .table(let table): LuaOptions(table, function: functionName)
        default: throw mismatch(index, "options", expects: "a table of options")
        }
    }
}

extension LuaValue {
    /// The value as an integer, where it is a number without a fraction.
    public var wholeNumber: Int? {
        switch self {
        case .integer(let value): Int(value)
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The value of either number subtype.
    public var anyNumber: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
