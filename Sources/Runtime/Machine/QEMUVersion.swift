import SystemPackage

extension QEMUBinary {
    /// Asks the program for its version where the architecture needs a newer QEMU than every
    /// distribution has.
    ///
    /// - Throws: ``QEMUVersionError`` where it is too old. One that does not say is taken as it is.
    @LoopActor
    public static func requireVersion(of program: FilePath, for arch: Arch) async throws {
        guard arch.qemu.oldestVersion > everywhere else { return }
        let result = try? await CommandRunner.run(
            Command([program.string, "--version"]), until: .after(.seconds(20)))
        guard let result, result.succeeded, let version = version(in: result.outputText),
            let major = version.first, major < arch.qemu.oldestVersion
        else { return }
        throw QEMUVersionError(
            program: program, version: version, arch: arch, suite: DebianSuite.ofHost)
    }

    /// Debian 11's, the oldest that is still looked after.
    private static let everywhere = 5
}

/// The QEMU at hand is too old for an architecture.
public struct QEMUVersionError: DiagnosticError, Equatable {
    let program: FilePath
    let version: [Int]
    let arch: Arch
    /// The host's, where that is a Debian.
    let suite: DebianSuite?

    /// The text of the error.
    public var diagnostic: Diagnostic {
        let number = version.map(String.init).joined(separator: ".")
        return Diagnostic(
            .qemuDidNotStart,
            "machine of architecture \(arch): expected QEMU \(arch.qemu.oldestVersion) or newer, "
                + "got \(number): `\(program)`",
            hint: hint)
    }

    private var hint: String {
        if let suite, suite < .sid, let package = arch.qemu.packages[.apt] {
            return "install it from \(suite)-backports (backports.debian.org): sudo apt-get install"
                + " --no-install-recommends -t \(suite)-backports \(package), or name a newer"
                + " one in QSH_QEMU"
        }
        return "install a newer QEMU, and name its program or folder in QSH_QEMU"
    }
}
