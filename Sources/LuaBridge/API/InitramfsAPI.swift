import QshRuntime
import SystemPackage

/// `qsh.initramfs`: images that qsh writes itself.
@LoopActor
enum InitramfsAPI {
    static func module(_ services: QshServices) -> LuaModule {
        LuaModule(
            "initramfs",
            primitives: [
                .suspending("new") { try await new($0, services) },
                .suspending("generate", hasTry: true) {
                    try await GenerateAPI.generate($0, services)
                },
                .suspending("inspect", hasTry: true) { try await InitramfsImageObject.inspect($0) },
                .suspending("diff", hasTry: true) { try await InitramfsImageObject.diff($0) },
            ])
    }

    /// `qsh.initramfs.new { busybox = true, init = "…", arch = "arm64" }`
    private static func new(_ call: LuaCall, _ services: QshServices) async throws -> [LuaValue] {
        let options = try call.options(at: 1)
        let busybox = options.value("busybox")
        let initText = try options.bytes("init")
        let arch = try options.arch("arch")
        try options.finish()

        let root = InitramfsObject()
        root.arch = arch
        services.roots?.take(root)
        switch busybox {
        case nil, .bool(false):
            break
        case .bool(true):
            try await root.addBusybox(asked: nil, services)
        case .string(let path):
            try await root.addBusybox(
                asked: FilePath(String(decoding: path, as: UTF8.self)), services)
        default:
            throw options.mismatch("busybox", expects: "true or the path of a busybox program")
        }
        if let initText { try root.tree.addFile("init", bytes: initText, mode: .program) }
        return [.object(root)]
    }
}

/// A root that is being assembled; recipes hold it as `qsh.initramfs`.
@LoopActor
final class InitramfsObject: LuaObject {
    var tree = InitramfsTree()
    /// What its programs run on; nil where nobody said.
    var arch: Arch?
    /// The hook at work; empty in a recipe.
    var hook = ""
    /// Takes modules where a generator knows the kernel.
    var requestModules: (@LoopActor ([String]) throws -> Void)?
    /// An archive in front of it, and how it is compressed when it is written.
    var early = InitramfsTree()
    var compression: InitramfsCompression = .none
    /// Whether the agent goes in where the recipe says nothing.
    var wantsAgent = true
    /// What was not found and may be missed.
    var remarks: [String] = []

    /// In words that end the sentence "it is here because …".
    var asker: String { hook.isEmpty ? "the recipe asks for it" : "the hook `\(hook)` asks for it" }

    static let luaType = LuaType(
        "qsh.initramfs",
        methods: [
            .immediate("dir") { try add($0) { try $0.directory() } },
            .immediate("file") { try add($0) { try $0.file() } },
            .immediate("symlink") { try add($0) { try $0.symlink() } },
            .immediate("nod") { try add($0) { try $0.node() } },
            .immediate("tree") { try add($0) { try $0.hostTree() } },
            .suspending("write", hasTry: true) { try await write($0) },
            .suspending("lint") { try await lint($0) },
            .immediate("entries") { try entries($0) },
        ] + InitramfsPicksAPI.methods)

    var luaDescription: String { "qsh.initramfs (\(tree.count) entries)" }

    func addBusybox(asked: FilePath?, _ services: QshServices) async throws {
        let busybox = try await Busybox.find(
            asked: asked, arch: arch ?? .ofHost, progress: services.note)
        try tree.addDefaultRoot()
        try tree.addBusybox(from: busybox.program)
    }

    /// Runs one adding method and returns the root itself, so that calls can be chained.
    private static func add(
        _ call: LuaCall, _ body: (InitramfsAddition) throws -> Void
    ) throws -> [LuaValue] {
        let root = try call.receiver(as: InitramfsObject.self)
        try body(InitramfsAddition(call, root))
        return [.object(root)]
    }

    /// `root:write(path, { compression, level })`
    private static func write(_ call: LuaCall) async throws -> [LuaValue] {
        let root = try call.receiver(as: InitramfsObject.self)
        let path = try call.string(1, "path")
        let options = try call.options(at: 2)
        let name = try options.string("compression")
        let level = try options.integer("level")
        try options.finish()
        // One from hooks knows how it was asked for.
        let compression =
            name == nil && level == nil
            ? root.compression : try InitramfsCompression(name ?? "none", level: level)
        try await root.tree.write(
            to: FilePath(path), compression: compression, early: root.early)
        return [.text(path)]
    }

    /// `root:lint { arch, kernel, init }`: what is wrong with it, before it is written.
    private static func lint(_ call: LuaCall) async throws -> [LuaValue] {
        let root = try call.receiver(as: InitramfsObject.self)
        let target = try await InitramfsLint.Target(call.options(at: 1))
        let tree = root.tree
        return [.list(try InitramfsLint.lint(tree: tree, for: target).map(\.luaValue))]
    }

    private static func entries(_ call: LuaCall) throws -> [LuaValue] {
        let root = try call.receiver(as: InitramfsObject.self)
        return [.list(root.tree.entries.map { .text($0.path.display) })]
    }
}

/// The arguments of one adding method: `(path, …, { mode, uid, gid })`.
@LoopActor
private struct InitramfsAddition {
    let call: LuaCall
    let root: InitramfsObject
    let path: String

    init(_ call: LuaCall, _ root: InitramfsObject) throws {
        self.call = call
        self.root = root
        path = try call.string(1, "path")
        // Decoding would have put other bytes into the name without a word.
        if case .string(let bytes) = call.value(at: 1),
            String(validating: bytes, as: UTF8.self) == nil
        {
            throw call.mismatch(1, "path", expects: "a path in UTF-8")
        }
    }

    func directory() throws {
        let options = try call.options(at: 2)
        let common = try CommonOptions(options)
        try options.finish()
        try root.tree.addDirectory(path, mode: common.mode, uid: common.uid, gid: common.gid)
    }

    /// `root:file(path, text)`, `root:file(path, { text = … | from = … })`
    func file() throws {
        if case .string(let bytes) = call.value(at: 2) {
            let common = try CommonOptions(call.options(at: 3))
            return try root.tree.addFile(
                path, bytes: bytes, mode: common.mode, uid: common.uid, gid: common.gid)
        }
        let options = try call.options(at: 2)
        let text = try options.bytes("text")
        let from = try options.string("from")
        let common = try CommonOptions(options)
        try options.finish()
        switch (text, from) {
        case (let text?, nil):
            try root.tree.addFile(
                path, bytes: text, mode: common.mode, uid: common.uid, gid: common.gid)
        case (nil, let from?):
            try root.tree.addFile(
                path, from: FilePath(from), mode: common.mode, uid: common.uid, gid: common.gid)
        default:
            throw APIError.exclusive(call.functionName, "text", "from")
        }
    }

    func symlink() throws {
        let target = try call.string(2, "target")
        let options = try call.options(at: 3)
        let uid = try options.number32("uid") ?? 0
        let gid = try options.number32("gid") ?? 0
        try options.finish()
        try root.tree.addSymlink(path, target: target, uid: uid, gid: gid)
    }

    /// `root:nod("/dev/ttyS0", { type = "c", major = 4, minor = 64 })`
    func node() throws {
        let options = try call.options(at: 2)
        let type = try options.string("type")
        let major = try options.number32("major")
        let minor = try options.number32("minor")
        let common = try CommonOptions(options)
        try options.finish()
        let kind: InitramfsEntry.Kind
        switch (type, major, minor) {
        case ("c", let major?, let minor?): kind = .characterDevice(major: major, minor: minor)
        case ("b", let major?, let minor?): kind = .blockDevice(major: major, minor: minor)
        case ("p", nil, nil): kind = .fifo
        case ("c", _, _), ("b", _, _), ("p", _, _):
            throw APIError.nodeNumbers(call.functionName, type ?? "")
        default:
            throw options.mismatch("type", expects: #""c", "b" or "p""#)
        }
        try root.tree.addNode(path, kind, mode: common.mode, uid: common.uid, gid: common.gid)
    }

    func hostTree() throws {
        let options = try call.options(at: 2)
        let from = try options.required("from", options.string("from"), expects: "a folder")
        try options.finish()
        try root.tree.addTree(path, from: FilePath(from))
    }
}

/// `mode`, `uid` and `gid`, which every kind of entry has.
@LoopActor
private struct CommonOptions {
    let mode: QshRuntime.FileMode?
    let uid: UInt32
    let gid: UInt32

    init(_ options: LuaOptions) throws {
        switch options.value("mode") {
        case nil: mode = nil
        case .string(let text):
            mode = try QshRuntime.FileMode(parsing: String(decoding: text, as: UTF8.self))
        default: throw APIError.modeIsNumber(options.mismatch("mode", expects: Self.modeForm))
        }
        uid = try options.number32("uid") ?? 0
        gid = try options.number32("gid") ?? 0
    }

    private static let modeForm = #"a string of octal digits like "0755""#
}
