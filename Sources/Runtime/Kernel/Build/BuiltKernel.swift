import Glibc
import SystemPackage

/// A kernel that was built, with all that belongs to it: a folder of the cache that is complete.
public struct BuiltKernel: Sendable, Equatable {
    /// The cache's entry, laid out like the build folder.
    public let folder: FilePath
    /// What boots; nil where no target makes one.
    public let image: FilePath?
    /// The ELF file with symbols.
    public let vmlinux: FilePath?
    /// `uname -r`.
    public let release: String
    /// What it runs on.
    public let arch: Arch
    /// Its `.config`.
    public let config: FilePath
    /// `System.map`.
    public let systemMap: FilePath?
    /// `lib/modules/RELEASE`, with depmod's lists.
    public let modules: FilePath?
    /// Device trees.
    public let dtbs: FilePath?
    /// What modules are built against.
    public let headers: FilePath?
    /// `compile_commands.json`.
    public let compileCommands: FilePath?
    /// All that make printed.
    public let log: FilePath
    /// What compilers warned of, each once.
    public let warnings: [BuildRemark]
    /// The source it was built from, or a copy with the same contents.
    public internal(set) var source: FilePath
    /// Whether make did not run for it.
    public internal(set) var isCached = false
    /// Whether the source changed while it was built, so that it answers for no later build.
    let isStale: Bool

    /// Reads an entry of the cache.
    ///
    /// - Returns: nil where something in it is not as it was made.
    init?(_ folder: FilePath, arch: Arch) {
        guard let bytes = try? readSmallFile(folder.appending("build.json"), limit: 16 << 20),
            let facts = JSONValue(parsing: bytes), let release = facts["release"]?.text,
            let source = facts["source"]?.text
        else { return nil }
        self.folder = folder
        self.arch = arch
        isStale = facts["stale"] == .bool(true)
        self.release = release
        self.source = FilePath(source)
        func file(_ name: String) -> FilePath? {
            let path = folder.appending(FilePath(name).components)
            return FileTree.isFile(path) || FileTree.isFolder(path) ? path : nil
        }
        guard let config = file(".config"), let log = file("build.log") else { return nil }
        self.config = config
        self.log = log
        if case .object(let sizes) = facts["sizes"] {
            for (name, size) in sizes where Self.size(folder, name) != size.integer { return nil }
        }
        image = facts["image"]?.text.flatMap { file($0) }
        vmlinux = file("vmlinux")
        systemMap = file("System.map")
        modules = file("lib/modules/\(release)")
        dtbs = file("dtbs")
        headers = file("headers")
        compileCommands = file("compile_commands.json")
        warnings = Self.warnings(facts["warnings"])
    }

    private static func size(_ folder: FilePath, _ name: String) -> Int64? {
        var status = stat()
        let path = folder.appending(FilePath(name).components)
        return stat(path.string, &status) == 0 ? Int64(status.st_size) : nil
    }

    private static func warnings(_ value: JSONValue?) -> [BuildRemark] {
        guard case .array(let items) = value else { return [] }
        return items.map { item in
            var remark = BuildRemark(text: item["text"]?.text ?? "")
            remark.file = item["file"]?.text
            remark.line = item["line"]?.integer.map(Int.init)
            return remark
        }
    }

    /// As a machine takes it.
    public func kernel() throws -> Kernel? {
        try image.map { try Kernel(image: $0, origin: .asked, arch: arch) }
    }
}
