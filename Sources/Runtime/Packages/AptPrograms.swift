import SystemPackage

/// Where apt's and dpkg's programs are.
struct AptPrograms: Sendable {
    let aptGet: FilePath
    let aptCache: FilePath
    let dpkgDeb: FilePath

    /// - Throws: ``PackageError`` naming the first that is missing.
    init(for package: DebianPackage, _ environment: HostEnvironment) throws(PackageError) {
        func locate(_ program: String) throws(PackageError) -> FilePath {
            guard let path = environment.locate(program) else {
                throw PackageError(package, .noApt(missing: program))
            }
            return path
        }
        aptGet = try locate("apt-get")
        aptCache = try locate("apt-cache")
        dpkgDeb = try locate("dpkg-deb")
    }

    /// Unpacks without root rights: the files are then the caller's.
    @LoopActor
    func unpack(_ file: FilePath, into folder: FilePath) async throws -> CommandResult {
        try await run(dpkgDeb, ["-x", file.string, folder.string], limit: .seconds(300))
    }

    /// Runs one of them with messages in English, which are parsed.
    @LoopActor
    func run(
        _ program: FilePath, _ arguments: [String], in folder: FilePath? = nil, limit: Duration
    ) async throws -> CommandResult {
        let command = Command(
            [program.string] + arguments, environment: ["LC_ALL": "C"], workingDirectory: folder)
        return try await CommandRunner.run(
            command, outputLimit: 4 << 20, until: .after(limit))
    }
}
