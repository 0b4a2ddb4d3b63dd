import CLuaShims
import QshRuntime

/// Reads the bytes that the shim has made of Lua values.
@LoopActor
struct ValueReader {
    private var rest: UnsafeRawBufferPointer
    private let home: LuaHome

    init(_ bytes: UnsafeRawBufferPointer, home: LuaHome) {
        rest = bytes
        self.home = home
    }

    /// Reads all values. Registry indices in the bytes become the values' own.
    static func decode(_ bytes: UnsafeRawBufferPointer, home: LuaHome) -> [LuaValue] {
        var reader = ValueReader(bytes, home: home)
        var values: [LuaValue] = []
        while !reader.rest.isEmpty { values.append(reader.next()) }
        return values
    }

    private mutating func next() -> LuaValue {
        switch Int(take(UInt8.self)) {
        case QLUA_FALSE: .bool(false)
        case QLUA_TRUE: .bool(true)
        case QLUA_INTEGER: .integer(take(Int64.self))
        case QLUA_NUMBER: .number(take(Double.self))
        case QLUA_STRING: .string(string())
        case QLUA_TABLE: .table(table())
        case QLUA_OBJECT: object()
        case QLUA_REFERENCE: reference()
        default: .null
        }
    }

    private mutating func string() -> [UInt8] {
        let count = Int(take(UInt64.self))
        defer { rest = .init(rebasing: rest.dropFirst(count)) }
        return Array(rest.prefix(count))
    }

    private mutating func table() -> LuaTable {
        let sequence = Int(take(UInt32.self))
        let fields = Int(take(UInt32.self))
        var table = LuaTable()
        table.sequence.reserveCapacity(sequence)
        for _ in 0..<sequence { table.sequence.append(next()) }
        for _ in 0..<fields {
            let key = next()
            table.fields.append(.init(key, next()))
        }
        if fields > 1 { table.fields.sort { Self.isBefore($0.key, $1.key) } }
        return table
    }

    private static func isBefore(_ left: LuaValue, _ right: LuaValue) -> Bool {
        switch (left, right) {
        case (.string(let a), .string(let b)): a.lexicographicallyPrecedes(b)
        case (.string, _): true
        case (_, .string): false
        default: (left.anyNumber ?? .infinity) < (right.anyNumber ?? .infinity)
        }
    }

    private mutating func object() -> LuaValue {
        let pointer = UnsafeRawPointer(bitPattern: UInt(take(UInt64.self)))
        _ = take(UInt64.self)
        _ = take(Int32.self)
        guard let pointer else { return .null }
        return .object(Unmanaged<ObjectBox>.fromOpaque(pointer).takeUnretainedValue().object)
    }

    private mutating func reference() -> LuaValue {
        _ = take(UInt64.self)
        let index = take(Int32.self)
        let type = Int32(take(UInt8.self))
        let reference = LuaReference(index: index, home: home, typeName: luaTypeName(type))
        return Int(type) == QLUA_TYPE_FUNCTION
            ? .function(LuaFunction(reference)) : .opaque(reference)
    }

    private mutating func take<Payload: BitwiseCopyable>(_ type: Payload.Type) -> Payload {
        defer { rest = .init(rebasing: rest.dropFirst(MemoryLayout<Payload>.size)) }
        return rest.loadUnaligned(as: type)
    }
}

/// Lua's name of a type, from its number.
func luaTypeName(_ type: Int32) -> String {
    let names = [
        "nil", "boolean", "userdata", "number", "string", "table", "function", "userdata", "thread",
    ]
    return names.indices.contains(Int(type)) ? names[Int(type)] : "nil"
}
