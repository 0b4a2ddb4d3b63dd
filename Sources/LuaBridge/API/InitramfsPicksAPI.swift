import QshRuntime
import SystemPackage

/// `root:binary`, `root:modules`, `root:why`: what is picked with all that it needs.
@LoopActor
enum InitramfsPicksAPI {
    static let methods: [LuaPrimitive] = [
        .immediate("binary") { try binary($0) },
        .immediate("modules") { try modules($0) },
        .immediate("why") { try why($0) },
    ]

    /// `root:binary(path, { root, to, arch })`
    private static func binary(_ call: LuaCall) throws -> [LuaValue] {
        let object = try call.receiver(as: InitramfsObject.self)
        let name = try call.string(1, "path")
        let options = try call.options(at: 2)
        let root = try options.string("root")
        let place = try options.string("to")
        let arch = try options.arch("arch") ?? object.arch ?? .ofHost
        try options.finish()
        let reason = PickReason(.program, object.asker, hook: object.hook)
        let remarks = try object.tree.addBinary(
            name, root: root.map { FilePath($0) } ?? "/", at: place, arch: arch, reason: reason)
        object.remarks += remarks
        return [.object(object)]
    }

    /// `root:modules(kernel, names, { moduleroot })`; in a hook, which has its kernel, also
    /// `root:modules(names)`.
    private static func modules(_ call: LuaCall) throws -> [LuaValue] {
        let object = try call.receiver(as: InitramfsObject.self)
        if call.value(at: 2).isNull, let request = object.requestModules {
            try request(names(call, 1))
            return [.object(object)]
        }
        let options = try call.options(at: 3)
        let folder = try options.string("moduleroot")
        try options.finish()
        let names = try names(call, 2)
        let kernel = try kernel(call)
        object.remarks += try object.tree.addModules(
            names, of: kernel, folder: folder.map { FilePath($0) })
        return [.object(object)]
    }

    private static func kernel(_ call: LuaCall) throws -> Kernel {
        switch call.value(at: 1) {
        case .string(let bytes):
            return try KernelFinder.at(FilePath(String(decoding: bytes, as: UTF8.self)))
        case .table(let table):
            if let image = table["image"]?.text { return try KernelFinder.at(FilePath(image)) }
            fallthrough
        default:
            throw call.mismatch(1, "kernel", expects: "a path or what qsh.kernel.find returns")
        }
    }

    private static func names(_ call: LuaCall, _ index: Int) throws -> [String] {
        if let name = call.value(at: index).text { return [name] }
        return try call.table(index, "names").sequence.map { value in
            guard let name = value.text else {
                throw call.mismatch(index, "names", expects: "a list of strings")
            }
            return name
        }
    }

    /// `root:why(path)`: a list of `{ path, reason, hook, because }`, the path itself first.
    private static func why(_ call: LuaCall) throws -> [LuaValue] {
        let object = try call.receiver(as: InitramfsObject.self)
        let steps = try object.tree.why(named: call.string(1, "path")) ?? []
        return [.list(steps.map(\.luaValue))]
    }
}

extension PickStep {
    /// `{ path, reason, hook, because }`
    var luaValue: LuaValue {
        var fields: [LuaTable.Field] = [
            .init("path", .text(path)), .init("reason", .text(reason.text)),
        ]
        if !reason.hook.isEmpty { fields.append(.init("hook", .text(reason.hook))) }
        if let because = reason.because { fields.append(.init("because", .text(because.display))) }
        return .table(LuaTable(fields: fields))
    }
}
