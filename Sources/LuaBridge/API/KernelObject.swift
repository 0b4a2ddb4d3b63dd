import QshRuntime
import SystemPackage

/// A kernel that was built; recipes hold it as `qsh.kernel.built`.
@LoopActor
final class KernelObject: LuaObject {
    let kernel: BuiltKernel
    private let toolchain: KernelToolchain
    private let services: QshServices

    init(_ kernel: BuiltKernel, _ toolchain: KernelToolchain, _ services: QshServices) {
        self.kernel = kernel
        self.toolchain = toolchain
        self.services = services
    }

    static let luaType = LuaType(
        "qsh.kernel.built",
        methods: [.suspending("module", hasTry: true) { try await module($0) }],
        properties: [
            path("image", \.image), path("vmlinux", \.vmlinux), path("config", \.config),
            path("system_map", \.systemMap), path("modules", \.modules), path("dtbs", \.dtbs),
            path("headers", \.headers), path("compile_commands", \.compileCommands),
            path("log", \.log), path("folder", \.folder),
            LuaProperty("release", of: KernelObject.self) { .text($0.kernel.release) },
            LuaProperty("arch", of: KernelObject.self) { .text($0.kernel.arch.name) },
            LuaProperty("cached", of: KernelObject.self) { .bool($0.kernel.isCached) },
            LuaProperty("warnings", of: KernelObject.self) { object in
                .list(object.kernel.warnings.map(\.luaValue))
            },
        ])

    var luaDescription: String { "qsh.kernel.built (\(kernel.release), \(kernel.folder))" }

    private static func path(
        _ name: String, _ file: @escaping @Sendable (BuiltKernel) -> FilePath?
    ) -> LuaProperty {
        LuaProperty(name, of: KernelObject.self) { object in
            file(object.kernel).map { .text($0.string) } ?? .null
        }
    }

    /// `kernel:module("dir", { jobs })`
    private static func module(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: KernelObject.self)
        let folder = try call.string(1, "dir")
        let options = try call.options(at: 2)
        let jobs = try options.integer("jobs")
        try options.finish()
        let module = try await ExternalModuleBuild(
            for: object.kernel, toolchain: object.toolchain,
            environment: HostEnvironment(object.services.environment),
            progress: object.services.progress
        ).run(FilePath(folder), jobs: jobs.map { max(1, $0) })
        let files = module.files.map(\.string)
        return [
            .table(
                LuaTable(fields: [
                    .init("path", files.first.map { .text($0) } ?? .null),
                    .init("files", .list(files.map { .text($0) })),
                    .init("log", .text(module.log.string)),
                    .init("warnings", .list(module.warnings.map(\.luaValue))),
                ]))
        ]
    }
}

extension BuildRemark {
    /// `{ file, line, text }`
    var luaValue: LuaValue {
        .table(
            LuaTable(
                fields: [
                    .init("text", .text(text)), .init("file", file.map { .text($0) } ?? .null),
                    .init("line", line.map { .integer($0) } ?? .null),
                ].filter { !$0.value.isNull }))
    }
}
