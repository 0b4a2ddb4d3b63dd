import SystemPackage

/// What a boot file is: an initramfs with all that the kernel makes of it, or a kernel.
public enum ImageInspection: Sendable {
    /// An initramfs, or what was given for one.
    case initramfs(InitramfsImage, InitramfsSummary)
    /// A kernel, with what it says of itself.
    case kernel(KernelDescription)
    /// A unified kernel image: a kernel, where it is one that is known, and its initramfs.
    case unified(KernelDescription?, InitramfsImage, InitramfsSummary)

    /// Reads a file on a worker thread; bad content becomes findings.
    ///
    /// - Throws: ``InitramfsError`` where the file cannot be read, ``KernelImageError`` for a
    ///   kernel that is cut short.
    public static func inspect(_ file: FilePath) async throws -> ImageInspection {
        try await WorkerThread.run { _ in try read(file) }
    }

    /// The same without what a list of files does not show, which takes a part of the time.
    public static func list(_ file: FilePath) async throws -> ImageInspection {
        try await WorkerThread.run { _ in try read(file, digests: false) }
    }

    /// The same on the calling thread.
    static func read(_ file: FilePath, digests: Bool = true) throws -> ImageInspection {
        let unified = UnifiedKernelImage(looking: file)
        if let unified, unified.initramfs == nil,
            let kernel = try KernelDescription(unified, in: file)
        {
            return .kernel(kernel)
        }
        if unified == nil, let kernel = try KernelDescription(looking: file) {
            return .kernel(kernel)
        }
        var options = InitramfsReader.Options()
        options.digests = digests
        let image = try InitramfsReader.read(file, options)
        let summary = InitramfsSummary(image)
        if let unified {
            return .unified(try KernelDescription(unified, in: file), image, summary)
        }
        return .initramfs(image, summary)
    }

    /// Whether the kernel would lose something or stop.
    public var hasErrors: Bool {
        initramfs?.hasErrors ?? false
    }

    /// The initramfs, where there is one.
    public var initramfs: InitramfsImage? {
        switch self {
        case .initramfs(let image, _), .unified(_, let image, _): image
        case .kernel: nil
        }
    }

    /// The kernel, where there is one.
    public var kernel: KernelDescription? {
        switch self {
        case .kernel(let kernel): kernel
        case .unified(let kernel, _, _): kernel
        case .initramfs: nil
        }
    }

    /// `{ segments, tree, findings }`; `kernel` beside them where there is one.
    public var json: JSONValue {
        let empty: JSONValue = .array([])
        let image = initramfs?.json ?? ["segments": empty, "tree": empty, "findings": empty]
        guard let kernel, case .object(var members) = image else { return image }
        members["kernel"] = kernel.json
        return .object(members)
    }
}

extension InitramfsImage {
    /// `{ segments, tree, findings }`
    public var json: JSONValue {
        [
            "segments": .array(segments.map(\.json)), "tree": .array(tree.map(\.json)),
            "findings": .array(findings.map(\.json)),
        ]
    }
}

extension InitramfsSegment {
    /// `{ offset, length, unpacked_length, codec, entries, early }`
    public var json: JSONValue {
        [
            "offset": .integer(Int64(offset)), "length": .integer(Int64(length)),
            "unpacked_length": .integer(Int64(unpackedLength)), "codec": .string(codec.rawValue),
            "entries": .integer(Int64(entries)), "early": .bool(isEarly),
        ]
    }
}

extension InitramfsFinding {
    /// `{ severity, offset, message }`
    public var json: JSONValue {
        [
            "severity": .string(severity.rawValue), "offset": .integer(Int64(offset)),
            "message": .string(message),
        ]
    }
}

extension InitramfsNode {
    /// As much of a symlink's target as is shown where nodes are compared.
    private static let shownTarget = 60

    /// `{ path, type, mode, owner, mtime }`, and what only some types have: `nlink`, `size` and
    /// `md5_first64k`, `target`, `rdev_hex`.
    ///
    /// Names that are not UTF-8 have `\xNN` for each byte that is none; `mtime` is null where the
    /// kernel leaves the time of booting.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "path": .string(textPath), "type": .string(type.rawValue),
            "mode": .string(String(mode, radix: 8)), "owner": .string("\(uid):\(gid)"),
            "mtime": modificationTime.map { .integer(Int64($0)) } ?? .null,
        ]
        switch type {
        case .directory, .fifo, .socket: break
        case .file:
            members["nlink"] = .integer(Int64(links))
            members["size"] = .integer(Int64(clamping: size))
            if !digest.isEmpty {
                members["md5_first64k"] = .string(digest.prefix(4).map(hexadecimal).joined())
            }
        case .symlink:
            members["nlink"] = .integer(Int64(links))
            members["target"] = .string(Self.text(Array(target.prefix(Self.shownTarget))))
        case .character, .block:
            members["nlink"] = .integer(Int64(links))
            members["rdev_hex"] = .string(
                String(major, radix: 16) + "," + String(minor, radix: 16))
        }
        return .object(members)
    }

    /// The path as JSON has it.
    var textPath: String { Self.text(path) }

    /// UTF-8 with whatever it holds, line ends too; everything else as ``printable(_:)`` has it.
    private static func text(_ bytes: [UInt8]) -> String {
        String(validating: bytes, as: UTF8.self) ?? printable(bytes)
    }
}
