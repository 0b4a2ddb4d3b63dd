import QshRuntime
import SystemPackage

/// A kernel's source tree; recipes hold it as `qsh.kernel.tree`.
@LoopActor
final class KernelTreeObject: LuaObject {
    let source: KernelSource
    let services: QshServices
    /// What `configure` has done last, with which a build goes on.
    var configured: Configuration?

    /// A configuration and what it was made for.
    struct Configuration {
        var toolchain: KernelToolchain
        var out: FilePath?
        /// The `.config`.
        var bytes: [UInt8]
    }

    init(_ source: KernelSource, _ services: QshServices) {
        self.source = source
        self.services = services
    }

    static let luaType = LuaType(
        "qsh.kernel.tree",
        methods: [
            .suspending("build", hasTry: true) { try await build($0) },
            .suspending("configure", hasTry: true) { try await configure($0) },
            .suspending("menuconfig", hasTry: true) { try await menuconfig($0) },
        ],
        properties: [
            LuaProperty("folder", of: KernelTreeObject.self) { .text($0.source.folder.string) },
            LuaProperty("version", of: KernelTreeObject.self) { .text($0.source.version.text) },
            LuaProperty("arch", of: KernelTreeObject.self) { .text($0.source.arch.name) },
            LuaProperty("origin", of: KernelTreeObject.self) { .text($0.source.origin.rawValue) },
            LuaProperty("git", of: KernelTreeObject.self) { $0.source.git?.luaValue ?? .null },
        ])

    var luaDescription: String { "qsh.kernel.tree (\(source.version.text), \(source.folder))" }

    /// `qsh.kernel.open(DIR | TARBALL | { debian = … } | { git = …, rev = … })`
    static func open(_ call: LuaCall, _ services: QshServices) async throws -> KernelTreeObject {
        let source = try await KernelSource.open(
            try request(call), progress: services.progress, note: services.note)
        return KernelTreeObject(source, services)
    }

    /// It becomes part of a line of apt's and of a folder's name.
    private static func isSuite(_ text: String) -> Bool {
        text.first?.isLetter == true
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }

    private static func request(_ call: LuaCall) throws -> KernelSourceRequest {
        switch call.value(at: 1) {
        case .string(let bytes):
            return .path(FilePath(String(decoding: bytes, as: UTF8.self)))
        case .table:
            let options = try call.options(at: 1)
            let debian = try options.string("debian")
            let git = try options.string("git")
            let revision = try options.string("rev")
            let suite = try options.string("suite")
            if let suite, !isSuite(suite) {
                throw options.mismatch(
                    "suite", expects: #"a suite of Debian's like "trixie" or "bookworm-backports""#)
            }
            try options.finish()
            switch (debian, git) {
            case (let debian?, nil):
                if revision != nil { throw options.mismatch("rev", expects: "`git` beside it") }
                return .debian(debian, suite: suite)
            case (nil, let git?):
                if suite != nil { throw options.mismatch("suite", expects: "`debian` beside it") }
                return .git(FilePath(git), revision: revision ?? "HEAD")
            default: throw APIError.exclusive(call.functionName, "debian", "git")
            }
        default:
            throw call.mismatch(
                1, "source",
                expects: "a folder, a tarball, { debian = … } or { git = …, rev = … }")
        }
    }
}

extension KernelGitState {
    /// `{ commit, branch, tag, dirty }`
    fileprivate var luaValue: LuaValue {
        .table(
            LuaTable(
                fields: [
                    .init("commit", .text(commit)), .init("dirty", .bool(isDirty)),
                    .init("branch", branch.map { .text($0) } ?? .null),
                    .init("tag", tag.map { .text($0) } ?? .null),
                ].filter { !$0.value.isNull }))
    }
}
