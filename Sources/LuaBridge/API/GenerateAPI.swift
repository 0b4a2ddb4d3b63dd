import QshRuntime
import SystemPackage

/// `qsh.initramfs.generate`: images from hooks.
@LoopActor
enum GenerateAPI {
    static func generate(_ call: LuaCall, _ services: QshServices) async throws -> [LuaValue] {
        let options = try call.options(at: 1)
        let asked = try kernel(options)
        let output = try options.string("output")
        let folder = try options.string("hookdir")
        let items = try hookItems(options)
        let compression = try compression(options)
        let disks = try options.strings("root") ?? []
        let moduleRoot = try options.string("moduleroot")
        let modules = try options.strings("modules") ?? []
        let binaries = try options.strings("binaries") ?? []
        let files = try options.strings("files") ?? []
        let firmware = try options.string("firmware")
        let modprobe = try options.string("modconf")
        let busybox = try options.string("busybox")
        try options.finish()
        let hookFolder = try folder.map { _ in try HookFolder(services) }
        var own: [InitramfsHook] = []
        if let hookFolder, let folder { own = try await hookFolder.hooks(in: FilePath(folder)) }
        let hooks = try hooks(items, own, options)
        let kernel = try await KernelFinder.find(asked: asked, progress: services.note)
        var configuration = GeneratorConfiguration(kernel: kernel, hooks: hooks)
        configuration.moduleRoot = moduleRoot.map { FilePath($0) }
        configuration.modules = modules
        configuration.binaries = binaries
        configuration.files = files.map { FilePath($0) }
        configuration.rootDisks = disks.map { FilePath($0) }
        configuration.firmware = firmware.map { FilePath($0) }
        configuration.modprobeFolder = modprobe.map { FilePath($0) }
        configuration.busybox = busybox.map { FilePath($0) }
        configuration.compression = compression
        let made = try await InitramfsGenerator(configuration, progress: services.note).generate()
        await hookFolder?.close()
        for remark in made.remarks { services.detail(remark) }
        if let output { try await made.write(to: FilePath(output)) }
        let root = InitramfsObject()
        root.tree = made.tree
        root.early = made.early
        root.compression = made.compression
        root.arch = kernel.arch
        root.remarks = made.remarks
        // Its /init becomes another root's: the agent would stay behind.
        root.wantsAgent = false
        services.roots?.take(root)
        return [.object(root), made.report.luaValue(made.remarks)]
    }

    private static func kernel(_ options: LuaOptions) throws -> FilePath? {
        switch options.value("kernel") {
        case nil: return nil
        case .string(let bytes): return FilePath(String(decoding: bytes, as: UTF8.self))
        case .table(let table):
            if let image = table["image"]?.text { return FilePath(image) }
            fallthrough
        default:
            throw options.mismatch("kernel", expects: "a path or what qsh.kernel.find returns")
        }
    }

    private static func compression(_ options: LuaOptions) throws -> InitramfsCompression {
        let name = try options.string("compression")
        let level = try options.integer("level")
        return try InitramfsCompression(name ?? "none", level: level)
    }

    private static let expectedHooks = "a list of names and of tables with a `name`"

    private static func hookItems(_ options: LuaOptions) throws -> [LuaValue] {
        switch options.value("hooks") {
        case nil: return GeneratorConfiguration.defaultHooks.map { .text($0) }
        case .string(let bytes):
            let text = String(decoding: bytes, as: UTF8.self)
            return text.split { " ,".contains($0) }.map { .text(String($0)) }
        case .table(let table) where table.fields.isEmpty: return table.sequence
        default: throw options.mismatch("hooks", expects: expectedHooks)
        }
    }

    /// Names, which are looked for in the folder first, and tables.
    private static func hooks(
        _ items: [LuaValue], _ own: [InitramfsHook], _ options: LuaOptions
    ) throws -> [InitramfsHook] {
        try items.flatMap { item in
            switch item {
            case .string: return try InitramfsHook.named([item.text ?? ""], own: own)
            case .table(let table):
                return [try HookTable.hook(table, function: "\(options.functionName): hooks")]
            default: throw options.mismatch("hooks", expects: expectedHooks, got: item)
            }
        }
    }
}

extension GeneratorReport {
    /// `{ bytes, entries, hooks, reasons, largest, remarks }`
    func luaValue(_ remarks: [String]) -> LuaValue {
        let list = { (shares: [Share]) -> LuaValue in
            .list(
                shares.map { share in
                    .table(
                        LuaTable(fields: [
                            .init("name", .text(share.name)),
                            .init("bytes", .integer(Int64(clamping: share.bytes))),
                            .init("files", .integer(share.files)),
                        ]))
                })
        }
        return .table(
            LuaTable(fields: [
                .init("bytes", .integer(Int64(clamping: bytes))),
                .init("entries", .integer(entries)), .init("hooks", list(hooks)),
                .init("reasons", list(reasons)), .init("largest", list(largest)),
                .init("remarks", .list(remarks.map { .text($0) })),
            ]))
    }
}
