import SystemPackage

/// Where firmware lies, in the kernel's own order (drivers/base/firmware_loader/main.c).
struct FirmwareFolders {
    private let folders: [String]

    /// - Parameter modules: `…/lib/modules/RELEASE`; a package has its firmware in that `lib`.
    init(modules: FilePath, release: String, extra: FilePath? = nil) {
        let own = modules.removingLastComponent().removingLastComponent().appending("firmware")
        let bases = [extra?.string, own.string, "/lib/firmware", "/usr/lib/firmware"]
        folders = bases.compactMap(\.self).flatMap { base in
            ["updates/\(release)", "updates", release].map { "\(base)/\($0)" } + [base]
        }
    }

    /// The file for a name, compressed or not.
    func find(_ name: String) -> (path: FilePath, codec: InitramfsCodec?)? {
        for folder in folders {
            for (ending, codec) in Self.endings {
                let path = FilePath("\(folder)/\(name)\(ending)")
                if FileTree.isFile(path) { return (path, codec) }
            }
        }
        return nil
    }

    private static let endings: [(String, InitramfsCodec?)] = [
        ("", nil), (".zst", .zstd), (".xz", .xz),
    ]
}

extension InitramfsCodec {
    /// A whole file of the host, decompressed.
    func contents(of path: FilePath, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let input = try ImageInput(opening: path)
        let message = try decode(input) { piece in
            bytes += piece
            return bytes.count <= limit
        }.message
        if let message { throw KernelModulesError.refused(path, "damaged: \(message)") }
        return bytes
    }
}
