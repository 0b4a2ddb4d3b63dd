import CLuaShims
import Glibc
import QshRuntime

/// Writes values as the bytes that the shim decodes once Swift has returned.
///
/// Each host pointer in the bytes carries one retain, so bytes are sent or dropped, never lost.
@LoopActor
struct ValueWriter {
    private(set) var bytes: UnsafeMutableRawPointer?
    private(set) var length = 0
    private var capacity = 0
    private let state: LuaState
    var home: LuaHome { state.home }

    init(_ state: LuaState) { self.state = state }

    /// Encodes `values`, or drops what it has written and throws.
    static func encode(_ values: [LuaValue], for state: LuaState) throws -> ValueWriter {
        try encode(for: state) { writer in
            for value in values { try writer.append(value) }
        }
    }

    static func encode(
        for state: LuaState, _ write: (inout ValueWriter) throws -> Void
    ) throws -> ValueWriter {
        var writer = ValueWriter(state)
        do {
            try write(&writer)
        } catch {
            writer.drop()
            throw error
        }
        return writer
    }

    /// The shim has consumed the host pointers; the bytes are still ours where they were an
    /// operation's input.
    mutating func wasSent() {
        free(bytes)
        bytes = nil
        length = 0
    }

    mutating func drop() {
        if let lua = state.lua {
            qlua_drop(lua, bytes?.assumingMemoryBound(to: UInt8.self), length)
        }
        bytes = nil
        length = 0
    }

    mutating func append(_ value: LuaValue) throws {
        switch value {
        case .null: tag(QLUA_NIL)
        case .bool(let value): tag(value ? QLUA_TRUE : QLUA_FALSE)
        case .integer(let value): tag(QLUA_INTEGER, value)
        case .number(let value): tag(QLUA_NUMBER, value)
        case .string(let bytes): append(bytes)
        case .table(let table): try append(table)
        case .object(let object): try append(object)
        case .function(let function): append(function.reference)
        case .opaque(let reference): append(reference)
        }
    }

    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    mutating func append(_ primitive: BoundPrimitive, flags: UInt32) {
        tag(QLUA_PRIMITIVE, retained(primitive))
        put(flags)
    }

    mutating func tableHeader(sequence: Int = 0, fields: Int) {
        tag(QLUA_TABLE, UInt32(sequence))
        put(UInt32(fields))
    }

    private mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    private mutating func append(_ text: UnsafeRawBufferPointer) {
        tag(QLUA_STRING, UInt64(text.count))
        reserve(text.count)
        if let from = text.baseAddress, let bytes {
            (bytes + length).copyMemory(from: from, byteCount: text.count)
        }
        length += text.count
    }

    private mutating func append(_ table: LuaTable) throws {
        tableHeader(sequence: table.sequence.count, fields: table.fields.count)
        for value in table.sequence { try append(value) }
        for field in table.fields {
            try append(field.key)
            try append(field.value)
        }
    }

    private mutating func append(_ object: any LuaObject) throws {
        let type = try state.typeReference(of: object)
        // Errors are made at each raise and keep their identity as pinned values; a table of
        // a million dead ones would cost more than they do.
        let error = object as? LuaErrorObject
        tag(QLUA_OBJECT, retained(ObjectBox(object, error: error)))
        put(error.map { UInt64($0.stops ? QLUA_STOP : QLUA_ERROR) } ?? objectIdentity(object))
        put(type)
    }

    private mutating func append(_ reference: LuaReference) {
        // A reference of another state would be a random value of this one.
        guard reference.home === state.home else { return tag(QLUA_NIL) }
        tag(QLUA_REFERENCE, retained(reference))
        put(reference.index)
        put(UInt8(0))
    }

    private func retained(_ object: AnyObject) -> UInt64 {
        UInt64(UInt(bitPattern: Unmanaged.passRetained(object).toOpaque()))
    }

    private mutating func tag(_ tag: Int) {
        put(UInt8(truncatingIfNeeded: tag))
    }

    private mutating func tag<Payload: BitwiseCopyable>(_ tag: Int, _ payload: Payload) {
        put(UInt8(truncatingIfNeeded: tag))
        put(payload)
    }

    private mutating func put<Payload: BitwiseCopyable>(_ payload: Payload) {
        let size = MemoryLayout<Payload>.size
        reserve(size)
        bytes?.storeBytes(of: payload, toByteOffset: length, as: Payload.self)
        length += size
    }

    private mutating func reserve(_ size: Int) {
        guard length + size > capacity else { return }
        capacity = (length + size) * 2 + 32
        guard let grown = realloc(bytes, capacity) else { preconditionFailure("out of memory") }
        bytes = grown
    }
}

/// What a userdata points to: the object with its type's functions.
final class ObjectBox: Sendable {
    let object: any LuaObject
    let error: LuaErrorObject?

    init(_ object: any LuaObject, error: LuaErrorObject?) {
        self.object = object
        self.error = error
    }
}

/// Tells live objects apart, as the shim's table of userdata does.
func objectIdentity(_ object: any LuaObject) -> UInt64 {
    UInt64(UInt(bitPattern: Unmanaged<AnyObject>.passUnretained(object).toOpaque()))
}
