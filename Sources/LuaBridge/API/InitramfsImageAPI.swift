import QshRuntime
import SystemPackage

/// An image that was read; recipes hold it as `qsh.initramfs.image`.
@LoopActor
final class InitramfsImageObject: LuaObject {
    let path: FilePath
    let inspection: ImageInspection

    init(_ path: FilePath, _ inspection: ImageInspection) {
        self.path = path
        self.inspection = inspection
    }

    static let luaType = LuaType(
        "qsh.initramfs.image",
        methods: [
            .suspending("lint") { try await lint($0) },
            .suspending("extract", hasTry: true) { try await extract($0) },
            .suspending("append", hasTry: true) { try await append($0) },
            .suspending("why", hasTry: true) { try await why($0) },
        ],
        properties: [
            LuaProperty("path", of: InitramfsImageObject.self) { .text($0.path.string) },
            LuaProperty("sound", of: InitramfsImageObject.self) {
                .bool(!$0.inspection.hasErrors)
            },
            field("segments", [], { image, _ in .list(image.segments.map(\.json.luaValue)) }),
            field("tree", [], { image, _ in .list(image.tree.map(\.luaValue)) }),
            field("findings", [], { image, _ in .list(image.findings.map(\.luaValue)) }),
            field("releases", [], { _, summary in .list(summary.releases.map { .text($0) }) }),
            field("modules", [], { _, summary in .list(summary.moduleNames.map { .text($0) }) }),
            field("hooks", [], { _, summary in .list(summary.maker.hooks.map { .text($0) }) }),
            field("maker", .null) { _, summary in summary.maker.name.map { .text($0) } ?? .null },
            field("init", .null) { _, summary in summary.start.map { .text($0) } ?? .null },
            LuaProperty("kernel", of: InitramfsImageObject.self) { object in
                guard case .kernel(let kernel) = object.inspection else { return .null }
                return kernel.json.luaValue
            },
        ])

    var luaDescription: String { "qsh.initramfs.image (\(path))" }

    /// A field of an initramfs; a kernel has `other` there.
    private static func field(
        _ name: String, _ other: LuaValue,
        _ get: @escaping @LoopActor @Sendable (InitramfsImage, InitramfsSummary) -> LuaValue
    ) -> LuaProperty {
        LuaProperty(name, of: InitramfsImageObject.self) { object in
            guard case .initramfs(let image, let summary) = object.inspection else { return other }
            return get(image, summary)
        }
    }

    /// `qsh.initramfs.inspect(path)`
    static func inspect(_ call: LuaCall) async throws -> [LuaValue] {
        let path = FilePath(try call.string(1, "path"))
        return [.object(InitramfsImageObject(path, try await ImageInspection.inspect(path)))]
    }

    /// `image:lint { arch, kernel, init }`
    private static func lint(_ call: LuaCall) async throws -> [LuaValue] {
        let image = try call.receiver(as: InitramfsImageObject.self)
        let target = try await InitramfsLint.Target(call.options(at: 1))
        let findings = try await InitramfsLint.findings(of: image.path, for: target)
        return [.list(findings.map(\.luaValue))]
    }
}

extension InitramfsImageObject {
    /// `image:extract(folder, { paths = … })`: what could not be made.
    private static func extract(_ call: LuaCall) async throws -> [LuaValue] {
        let image = try call.receiver(as: InitramfsImageObject.self)
        let folder = try call.string(1, "folder")
        let options = try call.options(at: 2)
        let paths = try options.strings("paths") ?? []
        try options.finish()
        let result = try await ImageExtraction.extract(image.path, paths, into: FilePath(folder))
        return [.list(result.refused.map { .text($0) })]
    }

    /// `image:why(path)`: a list of `{ path, reason, hook, because }`, the path itself first.
    private static func why(_ call: LuaCall) async throws -> [LuaValue] {
        let image = try call.receiver(as: InitramfsImageObject.self)
        let steps = try await ImageReasons.why(call.string(1, "path"), in: image.path)
        return [.list(steps.map(\.luaValue))]
    }

    /// `image:append(overlays, { output, compression, level })`: the new image.
    private static func append(_ call: LuaCall) async throws -> [LuaValue] {
        let image = try call.receiver(as: InitramfsImageObject.self)
        let overlays: [ImageOverlay]
        switch call.value(at: 1) {
        case .string(let word): overlays = [ImageOverlay(String(decoding: word, as: UTF8.self))]
        case .table(let table):
            let listed = table.sequence.compactMap(\.text).map { ImageOverlay($0) }
            overlays =
                listed
                + table.named.compactMap { path, host in
                    host.text.map { .placed(FilePath($0), at: path) }
                }
        default:
            throw call.mismatch(1, "overlays", expects: "a folder, a file, or a table of them")
        }
        let options = try call.options(at: 2)
        let output = try options.string("output").map { FilePath($0) }
        let compression = try options.string("compression") ?? "none"
        let level = try options.integer("level")
        try options.finish()
        _ = try await ImageAppending.append(
            overlays, to: image.path, output: output,
            compression: InitramfsCompression(compression, level: level))
        let path = output ?? image.path
        return [.object(InitramfsImageObject(path, try await ImageInspection.inspect(path)))]
    }

    /// `qsh.initramfs.diff(a, b, { times })`
    static func diff(_ call: LuaCall) async throws -> [LuaValue] {
        let first = FilePath(try call.string(1, "first"))
        let second = FilePath(try call.string(2, "second"))
        let options = try call.options(at: 3)
        let times = try options.bool("times") ?? false
        try options.finish()
        let difference = try await InitramfsDifference.compare(first, second, times: times)
        return [difference.json.luaValue]
    }
}

extension InitramfsLint.Target {
    /// `{ arch, kernel, init }`
    @LoopActor
    init(_ options: LuaOptions) async throws {
        let arch = try options.string("arch")
        let kernel = try options.string("kernel")
        let initPath = try options.string("init")
        try options.finish()
        try await self.init(
            arch: arch, kernel: kernel.map { FilePath($0) }, initPath: initPath ?? "/init")
    }
}

extension InitramfsFinding {
    /// `{ severity, offset, message }`
    var luaValue: LuaValue { json.luaValue }
}

extension InitramfsNode {
    /// The fields of `qsh inspect --json`, with names and targets as the bytes that they are.
    var luaValue: LuaValue {
        guard case .table(var table) = json.luaValue else { return .null }
        table["path"] = .string(path)
        if type == .symlink { table["target"] = .string(target) }
        return .table(table)
    }
}
