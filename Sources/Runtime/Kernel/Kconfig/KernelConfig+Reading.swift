import CLinux
import SystemPackage

extension KernelConfig {
    /// Reads a configuration from wherever it lies.
    ///
    /// - Parameter path: a `.config` or a fragment, plain or compressed (`/proc/config.gz`); a
    ///   kernel image built with `CONFIG_IKCONFIG`; or a build folder.
    /// - Throws: ``KernelConfigError``. Decompresses, so keep it off the loop's thread.
    public static func read(_ path: FilePath) throws(KernelConfigError) -> KernelConfig {
        if FileTree.isFolder(path) {
            let inside = path.appending(".config")
            guard FileTree.isFile(inside) else {
                throw .noConfig(path, "the folder has no `.config`")
            }
            return try read(inside)
        }
        let bytes = try contents(path)
        if isText(bytes.prefix(4096)) {
            return try KernelConfig(parsing: bytes, name: path.string)
        }
        // A compressed .config is small; every image is larger.
        if bytes.count < 1 << 20, let text = EmbeddedConfig.unpacked(bytes), isText(text[...]) {
            return try KernelConfig(parsing: text, name: path.string)
        }
        guard let text = EmbeddedConfig.find(in: bytes) else {
            throw .noConfig(path, "it is no text, and no kernel image that carries its own")
        }
        return try KernelConfig(parsing: text, name: path.string)
    }

    /// The configuration of the kernel that runs here.
    ///
    /// - Throws: ``KernelConfigError/notShown`` where neither `/proc/config.gz` nor a file in
    ///   `/boot` or `/lib/modules` tells.
    public static func ofRunningKernel() throws(KernelConfigError) -> KernelConfig {
        let release = HostSystem.release
        let places = [
            "/proc/config.gz", "/boot/config-\(release)", "/lib/modules/\(release)/config",
        ]
        guard let found = places.first(where: { FileTree.isReadable(FilePath($0)) }) else {
            throw .notShown
        }
        return try read(FilePath(found))
    }

    private static func contents(_ path: FilePath) throws(KernelConfigError) -> [UInt8] {
        // Files of /proc have no size, so they are read to a limit.
        if path.starts(with: "/proc") {
            do { return try readSmallFile(path, limit: 1 << 20) } catch {
                if path == "/proc/config.gz", error == .noSuchFileOrDirectory { throw .notShown }
                throw .unreadable(path, error)
            }
        }
        do { _ = try readSmallFile(path, limit: 1) } catch { throw .unreadable(path, error) }
        guard let bytes = KconfigFile.contents(path.string) else {
            throw .noConfig(path, "it is no regular file, or larger than 1G")
        }
        return bytes
    }

    private static func isText(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7f || (0x09...0x0d).contains($0) }
    }
}

/// The `.config` in a kernel image of any kind, for which no header needs to be understood.
enum EmbeddedConfig {
    /// Looks in the image and, where it is a compressed one, in what it unpacks to.
    static func find(in image: [UInt8]) -> [UInt8]? {
        if let text = text(in: image) { return text }
        for (codec, magic) in payloads {
            var from = 0
            while let start = position(of: magic, in: image, from: from) {
                if let text = text(inPayload: image, at: start, codec) { return text }
                from = start + 1
                // A magic of two bytes occurs by chance; the payload begins early in the image.
                if from > 1 << 20 { break }
            }
        }
        return nil
    }

    /// A file that is compressed as a whole.
    static func unpacked(_ bytes: [UInt8]) -> [UInt8]? {
        for (codec, magic) in payloads where bytes.starts(with: magic) {
            var result: [UInt8] = []
            _ = try? codec.decode(ImageInput(bytes: bytes)) { piece in
                result += piece
                return result.count < 16 << 20
            }
            return result.count > 32 ? result : nil
        }
        return nil
    }

    private static func text(in image: [UInt8]) -> [UInt8]? {
        var search = KernelTextSearch()
        image.withUnsafeBytes { _ = search.take($0) }
        return search.configuration
    }

    private static func text(
        inPayload image: [UInt8], at start: Int, _ codec: InitramfsCodec
    ) -> [UInt8]? {
        var search = KernelTextSearch()
        // What comes out before an error counts too: behind the payload the image goes on.
        _ = try? codec.decode(ImageInput(bytes: Array(image[start...]))) { search.take($0) }
        return search.configuration
    }

    /// The magic numbers of scripts/extract-ikconfig.
    private static let payloads: [(InitramfsCodec, [UInt8])] = [
        (.gzip, [0x1f, 0x8b, 0x08]), (.xz, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]),
        (.bzip2, Array("BZh".utf8)), (.lzma, [0x5d, 0x00, 0x00, 0x00]),
        (.lzo, [0x89, 0x4c, 0x5a]), (.lz4, [0x02, 0x21, 0x4c, 0x18]),
        (.zstd, [0x28, 0xb5, 0x2f, 0xfd]),
    ]

    private static func position(of needle: [UInt8], in bytes: [UInt8], from: Int) -> Int? {
        guard from < bytes.count else { return nil }
        let found = bytes[from...].withUnsafeBytes {
            q_find($0.baseAddress, $0.count, needle, needle.count)
        }
        return found < 0 ? nil : from + Int(found)
    }
}
