import QshRuntime
import SystemPackage

/// `qsh.kernel`: where kernels come from.
enum KernelAPI {
    static func module(_ services: QshServices) -> LuaModule {
        LuaModule(
            "kernel",
            primitives: [
                .suspending("find", hasTry: true) { try await find($0, services) },
                .suspending("config", hasTry: true) { try await KernelConfigObject.read($0) },
                .suspending("open", hasTry: true) {
                    [.object(try await KernelTreeObject.open($0, services))]
                },
            ])
    }

    /// `qsh.kernel.find { path = …, arch = … }`: the path, then `QSH_KERNEL`, then the host's
    /// kernel, then Debian's.
    @LoopActor
    private static func find(_ call: LuaCall, _ services: QshServices) async throws -> [LuaValue] {
        let options = try call.options(at: 1)
        let path = try options.string("path")
        let arch = try options.arch("arch")
        try options.finish()
        let kernel = try await KernelFinder.find(
            asked: path.map { FilePath($0) }, arch: arch, progress: services.note)
        return [.table(kernel.luaTable)]
    }
}

extension Kernel {
    /// `{ image, release, arch, modules, config, origin }`
    var luaTable: LuaTable {
        LuaTable(
            fields: [
                .init("image", .text(image.string)), .init("release", .text(release)),
                .init("arch", .text(arch.name)), .init("origin", .text(origin.rawValue)),
                .init("modules", modules.map { .text($0.string) } ?? .null),
                .init("config", config.map { .text($0.string) } ?? .null),
            ].filter { !$0.value.isNull })
    }
}
