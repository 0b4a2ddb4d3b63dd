import QshRuntime
import SystemPackage

/// `tree:configure { base, fragments, set, requires, out, arch, cross, toolchain, make, wrapper }`
extension KernelTreeObject {
    static func configure(_ call: LuaCall) async throws -> [LuaValue] {
        let tree = try call.receiver(as: KernelTreeObject.self)
        let options = try call.options(at: 1)
        let toolchain = try tree.toolchain(options)
        let out = try options.string("out").map { FilePath($0) } ?? tree.configured?.out
        let base = try options.string("base") ?? "defconfig"
        let wanted = KernelConfigRequest(
            base: .init(base, in: tree.source.folder, arch: toolchain.arch),
            fragments: try (options.strings("fragments") ?? []).map { FilePath($0) },
            set: try settings(options), requires: try options.strings("requires") ?? [])
        try options.finish()
        let request = KernelBuildRequest(toolchain: toolchain, out: out)
        let (result, bytes) = try await tree.kernelBuild(request)
            .configure(wanted, until: .after(.seconds(1800)))
        for line in result.notes { tree.services.note(line) }
        tree.configured = Configuration(toolchain: toolchain, out: out, bytes: bytes)
        return [
            .table(
                LuaTable(fields: [
                    .init("path", .text(result.path.string)),
                    .init("changed", .bool(result.isChanged)),
                    .init("notes", .list(result.notes.map { .text($0) })),
                ]))
        ]
    }

    /// `{ SMP = true, NR_CPUS = 4, CMDLINE = "…", E1000 = "m", FOO = false }`
    private static func settings(
        _ options: LuaOptions
    ) throws -> [String: KernelConfig.Value] {
        var settings: [String: KernelConfig.Value] = [:]
        for (name, value) in try options.table("set")?.named ?? [] {
            switch value {
            case .bool(true): settings[name] = .yes
            case .bool(false): settings[name] = .no
            case .integer(let number): settings[name] = .number(String(number))
            case .string(let bytes) where bytes == [0x6d]: settings[name] = .module
            case .string(let bytes):
                settings[name] = .string(String(decoding: bytes, as: UTF8.self))
            default:
                throw options.mismatch(
                    "set", expects: "true, false, \"m\", numbers or texts", got: value)
            }
        }
        return settings
    }
}
