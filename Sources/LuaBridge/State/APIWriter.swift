import CLuaShims
import QshRuntime

/// Modules and types as the shim takes them.
extension ValueWriter {
    mutating func append(_ module: LuaModule, path: String) throws {
        let tries = module.primitives.count { $0.hasTry }
        tableHeader(
            fields: module.primitives.count + tries + module.constants.count
                + module.submodules.count)
        append(module.primitives, path: path + ".", isMethod: false)
        for constant in module.constants {
            append(constant.name)
            try append(constant.value)
        }
        for submodule in module.submodules {
            append(submodule.name)
            try append(submodule, path: "\(path).\(submodule.name)")
        }
    }

    /// The arguments of `QLUA_OP_TYPE`.
    mutating func append(_ type: LuaType) throws {
        append(type.name)
        tableHeader(fields: type.methods.count + type.methods.count { $0.hasTry })
        append(type.methods, path: type.name + ":", isMethod: true)
        tableHeader(fields: type.properties.count)
        for property in type.properties { appendGetter(property, of: type) }
        let settable = type.properties.filter { $0.set != nil }
        tableHeader(fields: settable.count)
        for property in settable { appendSetter(property, of: type) }
        append(type.description)
        append(type.closing, flags: QLUA_CLOSES)
        append(type.unknownField)
        append(type.unsetField)
        let names =
            type.methods.map { ($0.name, "function") }
            + type.properties.map { ($0.name, "property") }
        tableHeader(fields: names.count)
        for (name, kind) in names {
            append(name)
            append(kind)
        }
    }

    private mutating func append(
        _ primitives: [LuaPrimitive], path: String, isMethod: Bool
    ) {
        for primitive in primitives {
            append(primitive.name)
            append(primitive, name: path + primitive.name, isMethod: isMethod)
            guard primitive.hasTry else { continue }
            append("try_" + primitive.name)
            append(
                primitive, name: "\(path)try_\(primitive.name)", isMethod: isMethod,
                flags: QLUA_TRY)
        }
    }

    mutating func append(
        _ primitive: LuaPrimitive, name: String, isMethod: Bool, flags: Int = 0
    ) {
        let bound = BoundPrimitive(primitive, name: name, isMethod: isMethod, home: home)
        append(bound, flags: bound.flags | UInt32(flags))
    }

    /// A function of the metatable itself, with the object as its receiver.
    private mutating func append(_ primitive: LuaPrimitive, flags: Int = 0) {
        append(primitive, name: primitive.name, isMethod: true, flags: flags)
    }

    private mutating func appendGetter(_ property: LuaProperty, of type: LuaType) {
        append(property.name)
        append(
            .immediate("\(type.name).\(property.name)") { call in
                [try property.get(call.anyReceiver(type.name))]
            })
    }

    private mutating func appendSetter(_ property: LuaProperty, of type: LuaType) {
        append(property.name)
        append(
            .immediate("\(type.name).\(property.name)") { call in
                try property.set?(call.anyReceiver(type.name), call.value(at: 1))
                return []
            })
    }
}

extension LuaType {
    fileprivate var description: LuaPrimitive {
        .immediate("\(name):__tostring") { [name] call in
            [.text(try call.anyReceiver(name).luaDescription)]
        }
    }

    fileprivate var closing: LuaPrimitive {
        .suspending("\(name):__close") { [name] call in
            await call.state?.beforeClose?()
            try await call.anyReceiver(name).luaClose()
            return []
        }
    }

    fileprivate var unknownField: LuaPrimitive {
        .immediate(name) { call in
            guard refusesUnknownFields else { return [.null] }
            let key = call.value(at: 1).text ?? call.value(at: 1).displayed
            let known = methods.map(\.name) + properties.map(\.name)
            throw LuaArgumentError.field(
                type: name, key: key, nearest: nearest(to: key, among: known))
        }
    }

    fileprivate var unsetField: LuaPrimitive {
        .immediate(name) { call in
            let key = call.value(at: 1).text ?? call.value(at: 1).displayed
            throw LuaArgumentError.notSettable(type: name, key: key)
        }
    }
}
