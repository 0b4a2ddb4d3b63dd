import Glibc
import SystemPackage

/// One `.ko` file.
struct KernelModuleFile: Sendable, Equatable {
    /// How the file is compressed, by the ending of its name (`CONFIG_MODULE_COMPRESS_…`).
    enum Compression: String, Sendable, CaseIterable {
        case gzip = ".gz"
        case xz = ".xz"
        case zstd = ".zst"

        var codec: InitramfsCodec {
            switch self {
            case .gzip: .gzip
            case .xz: .xz
            case .zstd: .zstd
            }
        }
    }

    /// Text, since walking 1,100 modules with `FilePath` takes 10 s in a debug build.
    let location: String
    let name: String
    let compression: Compression?

    /// - Parameter location: its path.
    /// - Returns: nil for a file that is no module.
    init?(_ location: some StringProtocol) {
        guard let last = location.split(separator: "/").last else { return nil }
        var stem = String(last)
        compression = Compression.allCases.first { stem.hasSuffix($0.rawValue) }
        if let compression { stem.removeLast(compression.rawValue.count) }
        guard stem.hasSuffix(".ko"), stem.count > 3 else { return nil }
        self.location = String(location)
        name = Self.canonical(String(stem.dropLast(3)))
    }

    var path: FilePath { FilePath(location) }

    /// The kernel and its tools take `-` and `_` in a module's name for the same.
    static func canonical(_ name: some StringProtocol) -> String {
        String(decoding: name.utf8.map { $0 == 0x2d ? 0x5f : $0 }, as: UTF8.self)
    }

    /// Reads its `.modinfo`; a few kilobytes of the file, however large that is.
    func info() throws(KernelModulesError) -> ModuleInfo {
        if compression != nil { return try Self.info(in: contents(), of: path) }
        let descriptor = open(location, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(path, Errno(rawValue: errno)) }
        defer { close(descriptor) }
        let read = { (offset: UInt64, count: Int) -> [UInt8]? in
            guard let offset = off_t(exactly: offset), count <= 4 << 20 else { return nil }
            var bytes = [UInt8](repeating: 0, count: count)
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, count, offset)
            }
            return got == count ? bytes : nil
        }
        return try Self.info(of: path, read: read)
    }

    /// Both at once: what it says, and its contents where they had to be decompressed for it.
    func opened() throws(KernelModulesError) -> (info: ModuleInfo, contents: [UInt8]?) {
        guard compression != nil else { return (try info(), nil) }
        let bytes = try contents()
        return (try Self.info(in: bytes, of: path), bytes)
    }

    /// The module as finit_module(2) takes it: its contents, decompressed where they are.
    func contents() throws(KernelModulesError) -> [UInt8] {
        var bytes: [UInt8] = []
        let message: String?
        do throws(InitramfsError) {
            let input = try ImageInput(opening: path)
            guard let codec = compression?.codec else {
                return try input.bytes(at: 0, count: min(input.end, Self.sizeLimit))
            }
            message = try codec.decode(input) { piece in
                bytes += piece
                return bytes.count <= Self.sizeLimit
            }.message
        } catch {
            throw .refused(path, error.diagnostic.message)
        }
        if let message { throw .refused(path, "damaged: \(message)") }
        return bytes
    }

    /// What the bytes of such a file say, wherever they are from.
    func info(decompressing bytes: [UInt8]) throws -> ModuleInfo {
        guard let codec = compression?.codec else { return try Self.info(in: bytes, of: path) }
        var plain: [UInt8] = []
        _ = try codec.decode(ImageInput(bytes: bytes)) { piece in
            plain += piece
            return plain.count <= Self.sizeLimit
        }
        return try Self.info(in: plain, of: path)
    }

    /// The largest modules are some tens of megabytes with their debug information.
    private static let sizeLimit = 512 << 20

    private static func info(
        in bytes: [UInt8], of path: FilePath
    ) throws(KernelModulesError) -> ModuleInfo {
        try info(of: path) { offset, count in
            guard let start = Int(exactly: offset), start <= bytes.count - count else { return nil }
            return Array(bytes[start..<start + count])
        }
    }

    private static func info(
        of path: FilePath, read: (UInt64, Int) -> [UInt8]?
    ) throws(KernelModulesError) -> ModuleInfo {
        guard let section = ELFSection(".modinfo", read: read),
            let bytes = read(section.range.lowerBound, section.range.count)
        else { throw .notAModule(path) }
        return ModuleInfo(section: bytes)
    }
}
