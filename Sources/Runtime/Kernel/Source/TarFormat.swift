import SystemPackage

/// How a tar archive is compressed, told by its first bytes and not by its name.
enum TarFormat: Sendable {
    case plain, gzip, bzip2, xz, zstd

    /// nil where it is no archive of a kind that is known.
    init?(of file: FilePath) {
        guard let head = try? readSmallFile(file, limit: 512) else { return nil }
        if head.starts(with: [0x1f, 0x8b]) {
            self = .gzip
        } else if head.starts(with: Array("BZh".utf8)) {
            self = .bzip2
        } else if head.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]) {
            self = .xz
        } else if head.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) {
            self = .zstd
        } else if head.count == 512, head[257..<262].elementsEqual("ustar".utf8) {
            self = .plain
        } else {
            return nil
        }
    }

    /// The program that tar(1) calls, and Debian's package of it.
    var program: (name: String, package: String)? {
        switch self {
        case .plain: nil
        case .gzip: ("gzip", "gzip")
        case .bzip2: ("bzip2", "bzip2")
        case .xz: ("xz", "xz-utils")
        case .zstd: ("zstd", "zstd")
        }
    }

    /// tar's option.
    var option: [String] {
        switch self {
        case .plain: []
        case .gzip: ["--gzip"]
        case .bzip2: ["--bzip2"]
        case .xz: ["--xz"]
        case .zstd: ["--zstd"]
        }
    }
}
