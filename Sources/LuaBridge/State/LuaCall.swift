import QshRuntime

/// One call of a primitive: its arguments, read as they are asked for.
///
/// Valid in the primitive's body only. Positions count from 1 and leave a method's receiver out.
@LoopActor
public struct LuaCall: Sendable {
    let primitive: BoundPrimitive
    let values: [LuaValue]
    let object: (any LuaObject)?

    init(primitive: BoundPrimitive, values: [LuaValue], object: (any LuaObject)? = nil) {
        self.primitive = primitive
        self.values = values
        self.object = object
    }

    /// The name in error texts: `qsh.machine.boot`.
    public var functionName: String { primitive.name }

    /// The state that made the call.
    public var state: LuaState? { primitive.home.state }

    /// How many arguments there are.
    public var count: Int { values.count }

    /// An argument, `null` where there is none. Copies tables.
    public func value(at index: Int) -> LuaValue {
        index <= values.count ? values[index - 1] : .null
    }

    /// The object before the `:`.
    public func receiver<Object: LuaObject>(as type: Object.Type = Object.self) throws -> Object {
        guard let object = object as? Object else {
            throw LuaArgumentError.receiver(
                function: functionName, type: type.luaType.name,
                got: object.map { LuaValue.object($0).displayed } ?? "nil")
        }
        return object
    }

    /// The error for an argument that does not fit, got and expected both named.
    public func mismatch(_ index: Int, _ name: String, expects: String) -> LuaArgumentError {
        .argument(
            function: functionName, index: index, name: name, expects: expects,
            got: value(at: index).displayed)
    }
}

// MARK: typed arguments

extension LuaCall {
    /// A string argument as text. A number is refused.
    public func string(_ index: Int, _ name: String) throws -> String {
        guard let text = value(at: index).text else {
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
        guard case .table(let table) = value(at: index) else {
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
        switch value(at: index) {
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
