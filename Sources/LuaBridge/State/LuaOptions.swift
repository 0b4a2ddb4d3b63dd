import QshRuntime

/// The options table of a call, which remembers what was asked for.
///
/// Each getter gives nil where the option is absent, and throws where it does not fit. Ask for
/// everything, then call ``finish()``.
@LoopActor
public final class LuaOptions {
    /// The name in error texts: `qsh.machine.boot`.
    public let functionName: String
    private let table: LuaTable
    private var known: [String] = []

    /// Wraps a table, also one nested in another option.
    public init(_ table: LuaTable, function: String) {
        self.table = table
        self.functionName = function
    }

    /// The option as it is; nil where it is absent.
    public func value(_ key: String) -> LuaValue? {
        if !known.contains(key) { known.append(key) }
        return table[key]
    }

    /// Text.
    public func string(_ key: String) throws -> String? {
        try value(key).map { value in
            guard let text = value.text else { throw mismatch(key, expects: "a string") }
            return text
        }
    }

    /// Bytes.
    public func bytes(_ key: String) throws -> [UInt8]? {
        try value(key).map { value in
            guard case .string(let bytes) = value else {
                throw mismatch(key, expects: "a string")
            }
            return bytes
        }
    }

    /// A number without a fraction.
    public func integer(_ key: String) throws -> Int? {
        try value(key).map { value in
            guard let integer = value.wholeNumber else {
                throw mismatch(key, expects: "an integer")
            }
            return integer
        }
    }

    /// A number.
    public func number(_ key: String) throws -> Double? {
        try value(key).map { value in
            guard let number = value.anyNumber else { throw mismatch(key, expects: "a number") }
            return number
        }
    }

    /// Seconds, zero or more; `math.huge` for no limit.
    public func seconds(_ key: String) throws -> Double? {
        try value(key).map { value in
            guard let seconds = value.anyNumber, seconds >= 0 else {
                throw mismatch(key, expects: "a number of seconds, zero or more")
            }
            return seconds
        }
    }

    /// `true` or `false`.
    public func bool(_ key: String) throws -> Bool? {
        try value(key).map { value in
            guard case .bool(let bool) = value else { throw mismatch(key, expects: "a boolean") }
            return bool
        }
    }

    /// A table with a sequence part only.
    public func list(_ key: String) throws -> [LuaValue]? {
        try value(key).map { value in
            guard case .table(let table) = value, table.fields.isEmpty else {
                throw mismatch(key, expects: "a list")
            }
            return table.sequence
        }
    }

    /// A list of strings; one string alone counts as a list of one.
    public func strings(_ key: String) throws -> [String]? {
        if let text = value(key)?.text { return [text] }
        return try list(key).map { values in
            try values.map { value in
                guard let text = value.text else {
                    throw mismatch(key, expects: "a list of strings", got: value)
                }
                return text
            }
        }
    }

    /// A table, copied.
    public func table(_ key: String) throws -> LuaTable? {
        try value(key).map { value in
            guard case .table(let table) = value else { throw mismatch(key, expects: "a table") }
            return table
        }
    }

    /// A table of options within this one, named `key` in error texts.
    public func options(_ key: String) throws -> LuaOptions? {
        try table(key).map { LuaOptions($0, function: "\(functionName): \(key)") }
    }

    /// A function.
    public func function(_ key: String) throws -> LuaFunction? {
        try value(key).map { value in
            guard case .function(let function) = value else {
                throw mismatch(key, expects: "a function")
            }
            return function
        }
    }

    /// An object of one type.
    public func object<Object: LuaObject>(
        _ key: String, as type: Object.Type = Object.self
    ) throws -> Object? {
        try value(key).map { value in
            guard case .object(let any) = value, let object = any as? Object else {
                throw mismatch(key, expects: "a \(type.luaType.name)")
            }
            return object
        }
    }

    /// Unwraps an option that must be there: `try options.required("path", options.string("path"),
    /// expects: "a string")`.
    public func required<Value>(_ key: String, _ value: Value?, expects: String) throws -> Value {
        guard let value else {
            throw LuaArgumentError.missing(function: functionName, key: key, expects: expects)
        }
        return value
    }

    /// The error for an option that does not fit, got and expected both named.
    ///
    /// - Parameter got: where it is not the option itself but an element of it.
    public func mismatch(
        _ key: String, expects: String, got: LuaValue? = nil
    ) -> LuaArgumentError {
        .option(
            function: functionName, key: key, expects: expects,
            got: (got ?? table[key] ?? .null).displayed)
    }

    /// Refuses keys that were never asked for, naming the nearest that was.
    ///
    /// - Parameter elsewhere: options that another function has, by name.
    public func finish(elsewhere: [String: String] = [:]) throws {
        if let first = table.sequence.first {
            throw LuaArgumentError.positional(function: functionName, got: first.displayed)
        }
        for field in table.fields {
            guard let key = field.key.text else {
                throw LuaArgumentError.positional(
                    function: functionName, got: field.value.displayed)
            }
            guard !known.contains(key) else { continue }
            throw LuaArgumentError.unknown(
                function: functionName, key: key, nearest: nearest(to: key, among: known),
                owner: elsewhere[key])
        }
    }
}
