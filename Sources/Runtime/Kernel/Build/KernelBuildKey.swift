import Glibc
import SystemPackage

/// Everything that a built kernel depends on, one line each; its digest names the cache's entry.
struct KernelBuildKey: Sendable, Equatable {
    private(set) var parts: [(name: String, value: String)]

    init(
        identity: KernelIdentity, config: [UInt8], request: KernelBuildRequest,
        environment: KernelMakeEnvironment, tools: KernelTools, files: [String], folders: [FilePath]
    ) {
        let git = identity.git.map { "\($0.commit) \($0.tag ?? "-") \($0.isDirty)" }
        parts = [
            ("schema", "1"),
            ("source", identity.contents),
            ("git", git ?? "none"),
            ("config", Self.settings(of: config).description),
            ("make", request.toolchain.makeWords.joined(separator: "\n")),
            ("targets", request.targets.joined(separator: " ")),
            ("extras", "\(request.modules.map { "\($0)" } ?? "auto") \(request.compileCommands)"),
            (
                "environment",
                environment.relevant.sorted { $0.key < $1.key }
                    .map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
            ),
            ("tools", tools.identity),
            ("files", files.joined(separator: "\n")),
        ]
        // The one result that names the folders.
        if request.compileCommands {
            parts.append(("folders", folders.map(\.string).joined(separator: "\n")))
        }
    }

    /// Without its comments, which `conf` writes anew in every build: a make without `ARCH=` calls
    /// the architecture `x86`, qsh's `x86_64`.
    private static func settings(of config: [UInt8]) -> Digest {
        let lines = config.split(separator: UInt8(ascii: "\n")).filter {
            $0.first != UInt8(ascii: "#") || $0.starts(with: "# CONFIG_".utf8)
        }
        return Digest.of(String(decoding: Array(lines.joined(separator: [0x0a])), as: UTF8.self))
    }

    /// The name of the cache's entry.
    var entryName: String {
        let text = parts.map { "\($0.name)\n\($0.value)\n" }.joined(separator: "\0")
        return "kernel-\(Digest.of(text))"
    }

    static func == (left: KernelBuildKey, right: KernelBuildKey) -> Bool {
        left.entryName == right.entryName
    }
}

/// The files outside of a tree that its configuration puts into the image.
enum KernelConfigFiles {
    /// A line for each with what it holds; nil where that cannot be told.
    static func digests(
        _ config: KernelConfig, source: FilePath, out: FilePath, _ work: WorkerThread.Cancellation
    ) throws -> [String]? {
        var lines: [String] = []
        for symbol in ["SYSTEM_TRUSTED_KEYS", "SYSTEM_REVOCATION_KEYS", "MODULE_SIG_KEY"] {
            for name in words(config[symbol]) {
                lines.append(try digest(symbol, name, [out, source], work))
            }
        }
        let firmware = words(config["EXTRA_FIRMWARE_DIR"]).first ?? "/lib/firmware"
        for name in words(config["EXTRA_FIRMWARE"]) {
            lines.append(try digest("EXTRA_FIRMWARE", "\(firmware)/\(name)", [source], work))
        }
        for name in words(config["INITRAMFS_SOURCE"]) {
            // A list names further files (usr/gen_init_cpio.c), which are not followed here.
            let path = located(name, [out, source])
            let isImage = name.contains(".cpio")
            guard let path, isImage || FileTree.isFolder(path) else { return nil }
            lines.append(try digest("INITRAMFS_SOURCE", name, [out, source], work))
        }
        return lines
    }

    private static func words(_ value: KernelConfig.Value?) -> [String] {
        guard case .string(let text) = value else { return [] }
        return text.split(separator: " ").map(String.init)
    }

    private static func located(_ name: String, _ folders: [FilePath]) -> FilePath? {
        folders.map { $0.pushing(FilePath(name)) }
            .first { FileTree.isFile($0) || FileTree.isFolder($0) }
    }

    private static func digest(
        _ symbol: String, _ name: String, _ folders: [FilePath], _ work: WorkerThread.Cancellation
    ) throws -> String {
        guard let path = located(name, folders) else { return "\(symbol) \(name) none" }
        if FileTree.isFolder(path) {
            let contents = try TreeSum.contents(of: path, skipping: [], work)
            return "\(symbol) \(name) \(contents.digest)"
        }
        let bytes = (try? readSmallFile(path, limit: 64 << 20)) ?? []
        return "\(symbol) \(name) \(Digest.of(String(decoding: bytes, as: UTF8.self)))"
    }
}
