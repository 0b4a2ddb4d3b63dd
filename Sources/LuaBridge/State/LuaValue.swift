import QshRuntime

/// Plain data across the border between Lua and Swift.
///
/// Tables are copied deeply, so a table's identity and its metatable stay behind; what must keep
/// its identity travels as ``function(_:)``, ``object(_:)`` or ``opaque(_:)``.
public enum LuaValue: Sendable {
    /// `nil`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number of Lua's integer subtype.
    case integer(Int64)
    /// A number of Lua's float subtype.
    case number(Double)
    /// The bytes of a string, which need not be UTF-8.
    case string([UInt8])
    /// A copy of a table.
    case table(LuaTable)
    /// A Swift object that Lua holds as userdata.
    case object(any LuaObject)
    /// A Lua or C function.
    case function(LuaFunction)
    /// A thread, a foreign userdata, or a table pinned for its identity.
    case opaque(LuaReference)

    /// A string from text, as UTF-8.
    public static func text(_ text: String) -> LuaValue { .string(Array(text.utf8)) }

    /// A table with a sequence part only.
    public static func list(_ values: [LuaValue]) -> LuaValue { .table(LuaTable(values)) }

    /// An integer from Swift's.
    public static func integer(_ value: Int) -> LuaValue { .integer(Int64(value)) }

    /// The text of a string, broken UTF-8 replaced; nil for every other type.
    public var text: String? {
        guard case .string(let bytes) = self else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether this is `nil`.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// Lua's name of the type, as its `type` returns it.
    @LoopActor public var typeName: String {
        switch self {
        case .null: "nil"
        case .bool: "boolean"
        case .integer, .number: "number"
        case .string: "string"
        case .table: "table"
        case .object: "userdata"
        case .function: "function"
        case .opaque(let reference): reference.typeName
        }
    }

    /// The type and the value as error texts name them: `number 256`, `string "x"`, `nil`.
    @LoopActor public var displayed: String {
        switch self {
        case .null: "nil"
        case .bool(let value): "boolean \(value)"
        case .integer(let value): "number \(value)"
        case .number(let value): "number \(value)"
        case .string(let bytes): "string \"\(Self.shortened(bytes))\""
        case .object(let object): type(of: object).luaType.name
        case .table, .function, .opaque: typeName
        }
    }

    private static func shortened(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes.prefix(64), as: UTF8.self)
            .replacing("\n", with: "\\n").replacing("\"", with: "\\\"")
        return bytes.count > 64 ? text + "…" : text
    }
}

extension LuaValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
    ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Makes `nil`.
    public init(nilLiteral: ()) { self = .null }
    /// Makes a boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// Makes an integer.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// Makes a float.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// Makes a string.
    public init(stringLiteral value: String) { self = .text(value) }
    /// Makes a table with a sequence part.
    public init(arrayLiteral elements: LuaValue...) { self = .list(elements) }
    /// Makes a table with named fields.
    public init(dictionaryLiteral elements: (String, LuaValue)...) {
        self = .table(LuaTable(fields: elements.map { .init(.text($0.0), $0.1) }))
    }
}

extension LuaValue: Equatable {
    /// Equal as data; objects and references are equal where they are the same one.
    ///
    /// An integer and a float are never equal here, though Lua's `==` may say so.
    public static func == (left: LuaValue, right: LuaValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a == b
        case (.table(let a), .table(let b)): a == b
        case (.object(let a), .object(let b)): a === b
        case (.function(let a), .function(let b)): a.reference === b.reference
        case (.opaque(let a), .opaque(let b)): a === b
        default: false
        }
    }
}

extension LuaValue: CustomDebugStringConvertible {
    /// Data as Lua would write it; for tests and for debugging.
    public var debugDescription: String {
        switch self {
        case .null: "nil"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string: "\"\(text ?? "")\""
        case .table(let table): "{ \(table.sequence), \(table.fields) }"
        case .object(let object): "\(type(of: object))"
        case .function: "function"
        case .opaque(let reference): reference.typeName
        }
    }
}
