import QshRuntime

extension JSONValue {
    /// The same data for Lua; members that are null are left out.
    var luaValue: LuaValue {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .string(let value): .text(value)
        case .array(let values): .list(values.map(\.luaValue))
        case .object(let members):
            .table(
                LuaTable(
                    fields: members.sorted { $0.key < $1.key }.filter { $0.value != .null }
                        .map { .init(.text($0.key), $0.value.luaValue) }))
        }
    }

    /// What a recipe wrote as a table; nil where JSON has nothing like it.
    ///
    /// A table without entries is an object: no QMP command takes an empty list where it takes an
    /// empty object too.
    init?(_ value: LuaValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = value.isFinite ? .number(value) : .null
        case .string: self = .string(value.text ?? "")
        case .table(let table):
            guard let json = JSONValue(table) else { return nil }
            self = json
        case .object, .function, .opaque: return nil
        }
    }

    /// A list or an object; nil for a table that is both, or holds what JSON has not.
    init?(_ table: LuaTable) {
        if table.fields.isEmpty, !table.sequence.isEmpty {
            let values = table.sequence.map { JSONValue($0) }
            guard !values.contains(nil) else { return nil }
            self = .array(values.compactMap(\.self))
            return
        }
        guard table.sequence.isEmpty, table.named.count == table.fields.count else { return nil }
        var members: [String: JSONValue] = [:]
        for (key, value) in table.named {
            guard let json = JSONValue(value) else { return nil }
            members[key] = json
        }
        self = .object(members)
    }
}

extension QMPEvent {
    /// `{ name, data }`
    var luaTable: LuaTable {
        LuaTable(fields: [.init("name", .text(name)), .init("data", data.luaValue)])
    }
}
