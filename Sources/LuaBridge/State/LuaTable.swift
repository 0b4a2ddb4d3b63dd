/// A copy of a Lua table: its sequence part and its other fields.
public struct LuaTable: Sendable, Equatable {
    /// A key with its value.
    public struct Field: Sendable, Equatable {
        /// Never `nil`.
        public var key: LuaValue
        /// Never `nil` in a table that came from Lua.
        public var value: LuaValue

        /// Makes a field.
        public init(_ key: LuaValue, _ value: LuaValue) {
            self.key = key
            self.value = value
        }
    }

    /// The values at 1 to Lua's length of the table; holes are `null`.
    public var sequence: [LuaValue]

    /// Everything else, string keys first and in byte order: Lua's own order differs between runs.
    public var fields: [Field]

    /// Makes a table.
    public init(_ sequence: [LuaValue] = [], fields: [Field] = []) {
        self.sequence = sequence
        self.fields = fields
    }

    /// Whether it has neither a sequence nor fields.
    public var isEmpty: Bool { sequence.isEmpty && fields.isEmpty }

    /// The value of a string key; setting `nil` removes it.
    public subscript(key: String) -> LuaValue? {
        get { fields.first { $0.key.isText(key) }?.value }
        set {
            let index = fields.firstIndex { $0.key.isText(key) }
            switch (index, newValue) {
            case (let index?, let value?): fields[index].value = value
            case (let index?, nil): fields.remove(at: index)
            case (nil, let value?): fields.append(Field(.text(key), value))
            case (nil, nil): break
            }
        }
    }

    /// The string keys with their values, in order.
    public var named: [(key: String, value: LuaValue)] {
        fields.compactMap { field in field.key.text.map { ($0, field.value) } }
    }
}

extension LuaValue {
    fileprivate func isText(_ text: String) -> Bool {
        guard case .string(let bytes) = self else { return false }
        return bytes.elementsEqual(text.utf8)
    }
}
