import QshRuntime

/// `qsh.arch`: the table of architectures.
@LoopActor
enum ArchAPI {
    static func module(_ services: QshServices) -> LuaModule {
        LuaModule(
            "arch",
            primitives: [
                .immediate("list") { _ in [.list((Arch.all + [.um]).map { .table($0.luaTable) })] },
                .suspending("obstacle") { try await obstacle($0, services) },
            ])
    }

    /// `qsh.arch.obstacle(name)`: why this host cannot boot it, and what helps; nil where it can.
    private static func obstacle(
        _ call: LuaCall, _ services: QshServices
    ) async throws -> [LuaValue] {
        let name = try call.string(1, "name")
        guard let arch = Arch.named(name) else {
            throw call.mismatch(1, "name", expects: "an architecture that qsh.arch.list() has")
        }
        guard let found = await arch.obstacle(environment: services.environment) else { return [] }
        return [.text(found.message), found.hint.map { .text($0) } ?? .null]
    }
}

extension Arch {
    /// `{ name, kernel, qemu, machine, cpu, console, virtio, debian, cross_compile, agent }`
    fileprivate var luaTable: LuaTable {
        LuaTable(
            fields: [
                .init("name", .text(name)), .init("kernel", .text(kernel.arch)),
                .init("qemu", isUserMode ? .null : .text(qemu.binary)),
                .init("machine", isUserMode ? .null : .text(qemu.machine)),
                .init("cpu", isUserMode ? .null : .text(qemu.cpuUnderTCG)),
                .init("console", .text(consoleDevice)),
                .init("virtio", isUserMode ? .null : .text(virtio.name)),
                .init("debian", .text(debian.architecture)),
                .init("cross_compile", crossPrefix.map { .text($0) } ?? .null),
                .init("agent", .bool(GuestAgentImage.architectures.contains(self))),
            ].filter { !$0.value.isNull })
    }
}
