import SystemPackage

/// One attempt after the other to get a package: with the host's lists, then with qsh's own.
@LoopActor
final class PackageDownload {
    private let package: DebianPackage
    private let cache: Cache
    private let scratch: FilePath
    private let programs: AptPrograms
    private let progress: @LoopActor (String) -> Void
    private var said: Set<String> = []

    init(
        package: DebianPackage, cache: Cache, scratch: FilePath, programs: AptPrograms,
        progress: @escaping @LoopActor (String) -> Void
    ) {
        self.package = package
        self.cache = cache
        self.scratch = scratch
        self.programs = programs
        self.progress = progress
    }

    /// Returns the folder with the unpacked files, which lies in the scratch folder.
    func run() async throws -> FilePath {
        if package.arch.programs == .ofHost && suite == nil {
            let apt = Apt(programs: programs, arch: package.arch, lists: .host)
            // The host's lists may be missing, or older than what the mirror still keeps.
            if let folder = try await downloaded(by: apt) { return folder }
        }
        return try await withOwnLists()
    }

    /// Debian's suite to ask in place of the host's sources.
    private var suite: String? {
        package.suite
            ?? DebianSuite.ofHost.flatMap { package.arch.debian.foreignSuite(host: $0)?.rawValue }
    }

    private var updating: String {
        let lists = "updating package lists"
        guard let suite else { return lists }
        guard package.suite == nil, let host = DebianSuite.ofHost else {
            return "\(lists) of Debian \(suite)"
        }
        return "\(lists) of Debian \(suite): \(host) has no kernel for \(package.arch)"
    }

    private func ownApt() async throws -> Apt {
        let name = package.arch.debian.architecture
        guard let suite else {
            let folder = cache.path(of: "apt-\(name)")
            return Apt(programs: programs, arch: package.arch, lists: .own(folder))
        }
        let host = Apt(programs: programs, arch: package.arch, lists: .host)
        let source = AptSource(mirror: try await host.mirror(), suite: suite)
        return Apt(
            programs: programs, arch: package.arch,
            lists: .own(cache.path(of: "apt-\(suite)-\(name)"), source))
    }

    private func withOwnLists() async throws -> FilePath {
        let apt = try await ownApt()
        // apt's own lock does not wait.
        return try await cache.withLock("apt", until: .after(.seconds(900))) {
            say(updating)
            var result = try await apt.update()
            // A mirror that is being synchronised is consistent again moments later.
            if !result.succeeded, PackageError(package, .lists, result).reason != .offline {
                result = try await apt.update()
            }
            let records = try await records(from: apt)
            guard !records.isEmpty else {
                throw result.succeeded
                    ? PackageError(package, .unknown) : PackageError(package, .lists, result)
            }
            var download = try await download(records, by: apt)
            if !download.succeeded { download = try await self.download(records, by: apt) }
            guard download.succeeded else { throw PackageError(package, .download, download) }
            return try await unpack()
        }
    }

    /// nil where the host's lists do not do; a full disk is an error at once.
    private func downloaded(by apt: Apt) async throws -> FilePath? {
        let records = try await records(from: apt)
        guard !records.isEmpty else { return nil }
        let result = try await download(records, by: apt)
        if result.succeeded { return try await unpack() }
        let error = PackageError(package, .download, result)
        if case .diskFull = error.reason { throw error }
        return nil
    }

    /// The package and those it leads to; none where the lists do not have it.
    private func records(from apt: Apt) async throws -> [DebianRecord] {
        var names = [package.name]
        var records: [DebianRecord] = []
        var next = 0
        while next < names.count {
            if let record = try await apt.record(of: names[next]) {
                records.append(record)
                names += record.depends.filter { name in
                    !names.contains(name) && package.following.contains(where: name.hasPrefix)
                }
            } else if next == 0 {
                return []
            }
            next += 1
        }
        return records
    }

    private func download(_ records: [DebianRecord], by apt: Apt) async throws -> CommandResult {
        if let largest = records.max(by: { $0.size < $1.size }) {
            let size = records.reduce(0) { $0 + $1.size }
            say("fetching \(largest.name) (\(decimalSize(size)))")
        }
        do { try FileTree.makeFolders(downloads) } catch {
            throw CacheError.unusable(cache.root, error)
        }
        return try await apt.download(records, into: downloads)
    }

    private func unpack() async throws -> FilePath {
        let root = scratch.appending("root")
        do { try FileTree.makeFolders(root) } catch {
            throw CacheError.unusable(cache.root, error)
        }
        for file in FileTree.names(in: downloads) where file.hasSuffix(".deb") {
            let result = try await programs.unpack(downloads.appending(file), into: root)
            guard result.succeeded else { throw PackageError(package, .unpack, result) }
        }
        return root
    }

    private var downloads: FilePath { scratch.appending("deb") }

    private func say(_ line: String) {
        if said.insert(line).inserted { progress(line) }
    }
}

/// As apt writes it: in powers of a thousand.
private func decimalSize(_ bytes: UInt64) -> String {
    bytes < 1_000_000 ? "\(max(1, bytes / 1000)) kB" : "\(bytes / 1_000_000) MB"
}
