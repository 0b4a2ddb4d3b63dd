import SystemPackage

/// An unpacked kernel source tree. Nothing of it was run to know this.
public struct KernelSource: Sendable, Equatable {
    /// Where it came from.
    public enum Origin: String, Sendable {
        /// The caller's own folder.
        case folder
        /// A tarball, unpacked into the cache.
        case tarball
        /// Debian's package, unpacked into the cache.
        case debian
        /// A revision of the caller's repository, checked out into the cache.
        case git
    }

    /// The folder, absolute and without symbolic links, as make sees it.
    public let folder: FilePath
    /// Its version.
    public let version: KernelVersion
    /// Where it came from.
    public let origin: Origin
    /// What it is built for unless a build says otherwise: `ARCH` in the environment, else the
    /// host.
    public let arch: Arch
    /// Names below `arch/` that have a Kconfig.
    public let archFolders: [String]
    /// State of the repository whose top the folder is; nil where it is none.
    public internal(set) var git: KernelGitState?

    /// Looks at a folder.
    ///
    /// - Throws: ``KernelSourceError`` where it is no kernel tree or cannot be built where it lies.
    init(
        folder: FilePath, origin: Origin, environment: HostEnvironment = .current
    ) throws(KernelSourceError) {
        let real = FileTree.resolved(folder)
        guard FileTree.isFolder(real) else { throw .noFolder(folder) }
        guard let makefile = try? readSmallFile(real.appending("Makefile"), limit: 16 << 10) else {
            throw .notATree(folder, Self.lack("Makefile", in: real))
        }
        guard let version = KernelVersion(makefile: String(decoding: makefile, as: UTF8.self))
        else { throw .notATree(folder, Self.lack("Makefile with a VERSION", in: real)) }
        guard FileTree.isFile(real.appending("Kconfig")) else {
            throw .notATree(folder, Self.lack("Kconfig", in: real))
        }
        archFolders = FileTree.names(in: real.appending("arch")).filter { name in
            FileTree.isFile(real.appending("arch").appending(name).appending("Kconfig"))
        }
        guard !archFolders.isEmpty else { throw .notATree(folder, Self.lack("arch", in: real)) }
        // The top Makefile: "source directory cannot contain spaces or colons".
        if let character = KernelSourceError.unbuildable(in: real) {
            throw .unbuildablePath(real, character)
        }
        self.folder = real
        self.version = version
        self.origin = origin
        arch = try Self.arch(environment)
    }

    /// Whether the tree can be built for an architecture.
    public func supports(_ arch: Arch) -> Bool { archFolders.contains(arch.kernel.sourceFolder) }

    /// What a build inside of the tree has left, by which kbuild refuses one outside of it (the top
    /// Makefile, target `outputmakefile`).
    public func leftovers(for arch: Arch) -> [String] {
        let generated = "arch/\(arch.kernel.sourceFolder)/include/generated"
        var found: [String] = []
        if FileTree.isFile(folder.appending(".config")) { found.append(".config") }
        for name in ["include/config", generated]
        where FileTree.isFolder(folder.appending(FilePath(name).components)) { found.append(name) }
        return found
    }

    /// - Throws: ``KernelSourceError/dirty(_:_:_:)`` where ``leftovers(for:)`` has any.
    public func requireClean(for arch: Arch) throws(KernelSourceError) {
        let found = leftovers(for: arch)
        if !found.isEmpty { throw .dirty(folder, found, arch) }
    }

    private static func arch(_ environment: HostEnvironment) throws(KernelSourceError) -> Arch {
        guard let name = environment["ARCH"] else { return .ofHost }
        // The kernel's words first: its `arm` is one of several names here.
        let known = Arch.all.first { $0.kernel.arch == name } ?? Arch.named(name)
        guard let known else { throw .unknownArch(name) }
        return known
    }

    private static func lack(_ what: String, in folder: FilePath) -> KernelSourceError.Lack {
        let inner = FileTree.entries(of: folder.string).filter(\.isFolder).map(\.name)
            .first { looksLikeTree(folder.appending($0)) }
        let isBuild = FileTree.isFolder(folder.appending("source"))
        return KernelSourceError.Lack(
            missing: what, inner: inner,
            sourceOfBuild: isBuild ? FileTree.resolved(folder.appending("source")) : nil)
    }

    /// Enough to offer it; the full check says what is wrong with it.
    static func looksLikeTree(_ folder: FilePath) -> Bool {
        FileTree.isFile(folder.appending("Kconfig"))
            && FileTree.isFile(folder.appending("Makefile"))
            && FileTree.isFolder(folder.appending("arch"))
    }
}
