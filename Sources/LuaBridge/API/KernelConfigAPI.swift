import QshRuntime
import SystemPackage

/// `tree:configure`, `tree:menuconfig` and `qsh.kernel.config`.
extension KernelTreeObject {
    /// `tree:configure { base, fragments, set, requires, out, arch, cross, toolchain, make }`
    static func configure(_ call: LuaCall) async throws -> [LuaValue] {
        let tree = try call.receiver(as: KernelTreeObject.self)
        let options = try call.options(at: 1)
        let toolchain = try tree.toolchain(options)
        let out = try options.string("out").map { FilePath($0) } ?? tree.configured?.out
        let request = KernelConfigRequest(
            base: try tree.base(options, toolchain) ?? .target("defconfig"),
            fragments: try (options.strings("fragments") ?? []).map { FilePath($0) },
            set: try settings(options), requires: try options.strings("requires") ?? [])
        try options.finish()
        let build = try tree.kernelBuild(KernelBuildRequest(toolchain: toolchain, out: out))
        let result = try await build.configure(request, until: .after(.seconds(1800)))
        for line in result.notes { tree.services.note(line) }
        try tree.keep(result, toolchain, out)
        return [.object(KernelConfigObject(result.config, path: result.path, result))]
    }

    /// `tree:menuconfig { base, out, arch, cross, toolchain, make }`: returns the changes.
    static func menuconfig(_ call: LuaCall) async throws -> [LuaValue] {
        let tree = try call.receiver(as: KernelTreeObject.self)
        let options = try call.options(at: 1)
        let toolchain = try tree.toolchain(options)
        let out = try options.string("out").map { FilePath($0) } ?? tree.configured?.out
        let base = try tree.base(options, toolchain)
        try options.finish()
        guard tree.services.isInteractive else { throw TerminalError.notATerminal }
        let build = try tree.kernelBuild(KernelBuildRequest(toolchain: toolchain, out: out))
        let (changes, result) = try await build.menuconfig(base)
        try tree.keep(result, toolchain, out)
        let text = changes.text
        tree.services.note(text.isEmpty ? "nothing was changed" : "changed:\n" + text)
        return [.text(text)]
    }

    /// A build after this one takes the configuration over.
    private func keep(
        _ result: KernelConfigResult, _ toolchain: KernelToolchain, _ out: FilePath?
    ) throws {
        configured = Configuration(
            toolchain: toolchain, out: out, bytes: try result.bytes())
    }

    /// A target, a file, a kernel with a configuration inside or beside it, or one that was read.
    private func base(
        _ options: LuaOptions, _ toolchain: KernelToolchain
    ) throws -> KernelConfigRequest.Base? {
        switch options.value("base") {
        case nil: return nil
        case .string(let bytes):
            return .init(
                String(decoding: bytes, as: UTF8.self), in: source.folder, arch: toolchain.arch)
        case .object(let config as KernelConfigObject): return .config(config.config)
        case .object(let kernel as KernelObject): return .file(kernel.kernel.config)
        case .table(let table):
            if let path = table["config"]?.text ?? table["image"]?.text {
                return .file(FilePath(path))
            }
            fallthrough
        default:
            throw options.mismatch(
                "base", expects: "a target like \"defconfig\", a path, a kernel or a configuration")
        }
    }

    /// `{ SMP = true, NR_CPUS = 4, CMDLINE = "…", E1000 = "m", FOO = false }`
    private static func settings(_ options: LuaOptions) throws -> [String: KernelConfig.Value] {
        guard let table = try options.table("set") else { return [:] }
        guard table.sequence.isEmpty else {
            throw options.mismatch("set", expects: "values by name, like { SMP = true }")
        }
        var settings: [String: KernelConfig.Value] = [:]
        for (name, value) in table.named {
            let plain = name.hasPrefix("CONFIG_") ? String(name.dropFirst(7)) : name
            switch value {
            case .bool(let isOn): settings[plain] = isOn ? .yes : .no
            case .integer(let number): settings[plain] = .number(String(number))
            case .string(let bytes):
                settings[plain] = .string(String(decoding: bytes, as: UTF8.self))
            default:
                throw options.mismatch(
                    "set", expects: "booleans, whole numbers or texts as values", got: value)
            }
        }
        return settings
    }
}

/// A configuration that was read; recipes hold it as `qsh.kernel.config`.
@LoopActor
final class KernelConfigObject: LuaObject {
    let config: KernelConfig
    let path: FilePath?
    private let result: KernelConfigResult?

    init(_ config: KernelConfig, path: FilePath?, _ result: KernelConfigResult? = nil) {
        self.config = config
        self.path = path
        self.result = result
    }

    static let luaType = LuaType(
        "qsh.kernel.config",
        methods: [
            .immediate("get") { call in
                let object = try call.receiver(as: KernelConfigObject.self)
                return [object.config[try call.string(1, "name")]?.luaValue ?? .null]
            },
            .immediate("has") { call in
                let object = try call.receiver(as: KernelConfigObject.self)
                return [.bool(object.config.has(try call.string(1, "name")))]
            },
            .immediate("symbols") { [.table(try symbols($0))] },
            .immediate("changes") { call in
                let object = try call.receiver(as: KernelConfigObject.self)
                let old = try call.object(1, "old", as: KernelConfigObject.self)
                return [.text(object.config.changes(since: old.config).text)]
            },
        ],
        properties: [
            LuaProperty("path", of: KernelConfigObject.self) { object in
                object.path.map { .text($0.string) } ?? .null
            },
            LuaProperty("changed", of: KernelConfigObject.self) { object in
                .bool(object.result?.isChanged ?? false)
            },
            LuaProperty("notes", of: KernelConfigObject.self) { object in
                .list((object.result?.notes ?? []).map { .text($0) })
            },
            LuaProperty("text", of: KernelConfigObject.self) { .text($0.config.text) },
        ])

    var luaDescription: String { "qsh.kernel.config (\(config.entries.count) symbols)" }

    private static func symbols(_ call: LuaCall) throws -> LuaTable {
        let object = try call.receiver(as: KernelConfigObject.self)
        return LuaTable(
            fields: object.config.entries.map { .init(.text($0.name), $0.value.luaValue) })
    }

    /// `qsh.kernel.config(path | kernel)`: without an argument the running kernel's.
    static func read(_ call: LuaCall) async throws -> [LuaValue] {
        let path: FilePath?
        switch call.value(at: 1) {
        case .null: path = nil
        case .string(let bytes): path = FilePath(String(decoding: bytes, as: UTF8.self))
        case .object(let kernel as KernelObject): path = kernel.kernel.config
        case .table(let table):
            guard let text = table["config"]?.text ?? table["image"]?.text else { fallthrough }
            path = FilePath(text)
        default:
            throw call.mismatch(1, "source", expects: "a path, a kernel or nothing")
        }
        let config = try await KernelConfig.ofImage(orRunning: path)
        return [.object(KernelConfigObject(config, path: path))]
    }
}

extension KernelConfig.Value {
    /// `true`, `"m"`, `false`, a number or a text.
    fileprivate var luaValue: LuaValue {
        switch self {
        case .yes: .bool(true)
        case .no: .bool(false)
        case .module: .text("m")
        case .string(let text): .text(text)
        case .number(let text): whole.map { .integer($0) } ?? .text(text)
        }
    }
}
