import SystemPackage

/// apt's own programs, which fetch and verify; nothing here changes the system.
///
/// Reads the host's package lists, or lists of qsh's own where those are missing, too old or for
/// another architecture. The sources and keys are the host's either way.
@LoopActor
struct Apt {
    /// Which package lists are read.
    enum Lists: Sendable, Equatable {
        case host
        /// In this folder, which ``update()`` fills; of the host's sources where there is no other.
        case own(FilePath, AptSource? = nil)
    }

    let programs: AptPrograms
    let arch: Arch
    let lists: Lists

    /// A package's newest version; nil where the lists do not have it.
    func record(of package: String) async throws -> DebianRecord? {
        let name = "\(package):\(arch.debian.architecture)"
        let result = try await run(
            programs.aptCache, ["show", "--no-all-versions", name], limit: .seconds(60))
        return result.succeeded ? DebianRecord(result.outputText) : nil
    }

    /// Downloads packages into a folder; apt checks each against its signed lists.
    func download(_ records: [DebianRecord], into folder: FilePath) async throws -> CommandResult {
        try await run(
            programs.aptGet, ["-q", "download"] + records.map(\.specification), in: folder,
            limit: .seconds(900))
    }

    /// The mirror of Debian that the host uses.
    func mirror() async throws -> String {
        let result = try await run(
            programs.aptGet,
            ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
            limit: .seconds(30))
        return (result.succeeded ? AptSource.mirror(in: result.outputText) : nil)
            ?? AptSource.usualMirror
    }

    /// Fetches the lists into qsh's own folder.
    func update() async throws -> CommandResult {
        guard case .own(let folder, let source) = lists else { throw CacheError.noHome }
        do throws(Errno) {
            for name in ["lists/partial", "cache/archives/partial"] {
                try FileTree.makeFolders(folder.appending(FilePath(name).components))
            }
            // apt refuses to work without a list of what is installed; nothing is.
            try AtomicFile.write([], to: folder.appending("status"))
            try AtomicFile.write(
                Array(configuration.utf8), to: folder.appending("apt.conf"))
            if let source {
                try AtomicFile.write(Array(source.line.utf8), to: folder.appending("sources.list"))
            }
        } catch {
            throw CacheError.unusable(folder, error)
        }
        return try await run(programs.aptGet, ["-q", "update"], limit: .seconds(300))
    }

    private func run(
        _ program: FilePath, _ arguments: [String], in folder: FilePath? = nil, limit: Duration
    ) async throws -> CommandResult {
        try await programs.run(program, options + arguments, in: folder, limit: limit)
    }

    private var options: [String] {
        // The user _apt may not write where root's umask or home forbids it.
        var options = [
            "APT::Sandbox::User=root", "Acquire::Retries=2", "Acquire::http::Timeout=30",
        ]
        guard case .own(let folder, let source) = lists else {
            return options.flatMap { ["-o", $0] }
        }
        options += [
            "Dir::State::lists=\(folder.appending("lists"))",
            "Dir::State::status=\(folder.appending("status"))",
            "Dir::Cache=\(folder.appending("cache"))",
            "Acquire::Languages=none",
            "APT::Update::Error-Mode=any",
        ]
        if source != nil {
            // The host's pins are about the host's sources.
            options += [
                "Dir::Etc::SourceList=\(folder.appending("sources.list"))",
                "Dir::Etc::SourceParts=/dev/null", "Dir::Etc::Preferences=/dev/null",
                "Dir::Etc::PreferencesParts=/dev/null",
            ]
        }
        return ["-c", folder.appending("apt.conf").string] + options.flatMap { ["-o", $0] }
    }

    /// What cannot be said with `-o`: emptying lists (apt.conf(5)). The host's hooks after an
    /// update are for the host's own lists.
    private var configuration: String {
        """
        #clear APT::Update::Pre-Invoke;
        #clear APT::Update::Post-Invoke;
        #clear APT::Update::Post-Invoke-Success;
        #clear APT::Architectures;
        APT::Architecture "\(arch.debian.architecture)";
        APT::Architectures { "\(arch.debian.architecture)"; };

        """
    }
}
