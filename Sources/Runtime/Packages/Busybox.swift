import SystemPackage

/// A static busybox: the one program that a small root needs.
public struct Busybox: Sendable, Equatable {
    /// How it was found.
    public enum Origin: String, Sendable {
        /// The caller named it.
        case asked
        /// `QSH_BUSYBOX` named it.
        case environment
        /// The host has it installed.
        case host
        /// Debian's `busybox-static`, unpacked into qsh's cache.
        case debian
    }

    /// The program.
    public let program: FilePath
    /// What it runs on.
    public let arch: Arch
    /// Where its applets go, without the leading slash (`usr/bin/awk`): as `busybox --list-full`
    /// says where the host can run it, else by busybox's own default directories.
    public let applets: [String]
    /// How it was found.
    public let origin: Origin
}

extension Busybox {
    /// The path asked for, else `QSH_BUSYBOX`, else the host's where it is static, else Debian's
    /// `busybox-static`, fetched into the cache once.
    ///
    /// - Parameters:
    ///   - asked: a program for `arch` that needs no dynamic loader.
    ///   - cache: the user's where nil.
    ///   - progress: gets one line for each step that takes time.
    /// - Throws: ``BusyboxError``, ``InitramfsError``, ``PackageError``, ``CacheError``.
    @LoopActor
    public static func find(
        asked: FilePath? = nil, arch: Arch = .ofHost, environment: HostEnvironment = .current,
        cache: Cache? = nil, progress: @escaping @LoopActor (String) -> Void
    ) async throws -> Busybox {
        let arch = arch.programs
        if let asked { return try await at(asked, arch, .asked) }
        if let path = environment["QSH_BUSYBOX"] {
            return try await at(FilePath(path), arch, .environment)
        }
        for path: FilePath in ["/bin/busybox", "/usr/bin/busybox"] where FileTree.isFile(path) {
            // Many hosts have the dynamic one, which is no mistake of the user's.
            if let found = try? await at(path, arch, .host) { return found }
        }
        let cache = try Cache.chosen(cache, environment)
        let package = DebianPackage(
            "busybox-static", arch: arch, instead: "give `busybox = PATH` or set QSH_BUSYBOX")
        let folder = try await package.fetch(
            into: cache, environment: environment, progress: progress
        ) { folder in
            try requireStatic(program(in: folder), arch, .debian)
        }
        return try await at(program(in: folder), arch, .debian)
    }

    /// Debian moved it below `usr` after Debian 12.
    private static func program(in folder: FilePath) -> FilePath {
        let places = ["bin", "usr/bin"].map {
            folder.appending(FilePath($0).components).appending("busybox")
        }
        return places.first { FileTree.isFile($0) } ?? places[0]
    }

    @LoopActor
    private static func at(
        _ path: FilePath, _ arch: Arch, _ origin: Origin
    ) async throws -> Busybox {
        try requireStatic(path, arch, origin)
        let names = try BusyboxApplets.names(in: path)
        let program = FileTree.absolute(path)
        let listed = arch == .ofHost ? await listed(by: program) : nil
        let guessed = names.map { "\(BusyboxApplets.directory(of: $0))/\($0)" }
        return Busybox(program: program, arch: arch, applets: listed ?? guessed, origin: origin)
    }

    private static func requireStatic(
        _ path: FilePath, _ arch: Arch, _ origin: Origin
    ) throws(BusyboxError) {
        let header: [UInt8]
        do throws(Errno) { header = try readSmallFile(path, limit: 4096) } catch {
            throw BusyboxError(path, origin, .unreadable(error))
        }
        guard let elf = ELFHeader(header),
            elf.type == .executable || elf.type == .shared
        else { throw BusyboxError(path, origin, .notAProgram) }
        if elf.arch != arch {
            throw BusyboxError(path, origin, .foreign(program: elf.arch, machine: arch))
        }
        if elf.interpreter != nil { throw BusyboxError(path, origin, .dynamic) }
    }

    /// nil for a busybox that was built without the option.
    @LoopActor
    private static func listed(by program: FilePath) async -> [String]? {
        let result = try? await CommandRunner.run(
            Command([program.string, "--list-full"]), outputLimit: 1 << 20,
            until: .after(.seconds(10)))
        guard let result, result.succeeded else { return nil }
        let lines = result.outputText.split(separator: "\n").map(String.init)
        return lines.count > 3 && lines.allSatisfy { $0.contains("/") } ? lines : nil
    }
}
