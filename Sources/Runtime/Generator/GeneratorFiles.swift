import SystemPackage

/// What the Lua side reads of a folder of hooks.
public enum GeneratorFiles {
    /// Names in a folder, sorted.
    ///
    /// - Throws: ``InitramfsError`` where there is no such folder.
    public static func names(in folder: FilePath) throws(InitramfsError) -> [String] {
        try HostFile.names(in: folder).map { String(decoding: $0, as: UTF8.self) }.sorted()
    }

    /// The bytes of a small file.
    public static func contents(of file: FilePath) throws(InitramfsError) -> [UInt8] {
        _ = try HostFile.readableStatus(of: file)
        return try HostFile.contents(of: file, limit: 1 << 20)
    }
}
