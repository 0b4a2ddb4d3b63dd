import SystemPackage

/// Why there is no kernel, except for what make itself said: ``KernelBuildFailure``.
public enum KernelBuildError: DiagnosticError, Equatable {
    /// What is wrong with the folder to build in.
    public enum OutReason: Sendable, Equatable {
        case unbuildable(String)
        case isSource
        case unusable(Errno)
        case ignoresCase
        case isNoexec
    }

    /// The folder to build in will not do.
    case out(FilePath, OutReason)
    /// There is no `.config`.
    case notConfigured(FilePath)
    /// The `.config` is for another architecture: its word, and what was asked for.
    case foreignConfig(FilePath, String, Arch)
    /// make ended well, and what it should have made is not there.
    case noResult(FilePath, target: String, log: FilePath)
    /// The log cannot be written.
    case log(FilePath, Errno)
    /// The results cannot be put into the cache.
    case staging(FilePath, Errno)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .out(let path, let reason): Self.out(path, reason)
        case .notConfigured(let path):
            Diagnostic(
                .usage, "cannot build in `\(path)`: there is no `.config`",
                hint: "configure first: tree:configure { base = \"defconfig\" }")
        case .foreignConfig(let path, let found, let arch):
            Diagnostic(
                .usage,
                "cannot build in `\(path)`: its `.config` is for `\(found)`, the build is for"
                    + " `\(arch.kernel.sourceFolder)`",
                hint: "give `arch` what the configuration is for, or configure again")
        case .noResult(let path, let target, let log):
            Diagnostic(
                .buildFailed, "build of `\(target)`: make ended well, but there is no `\(path)`",
                notes: ["the whole log is in `\(log)`"])
        case .log(let path, let error):
            Diagnostic(.usage, "cannot write the build's log `\(path)`: \(error.lowercased)")
        case .staging(let path, .noSpace):
            Diagnostic(
                .buildFailed, "cannot keep the kernel in `\(path)`: no space left on the device",
                hint: "free some space, for example with `qsh cache clean`")
        case .staging(let path, let error):
            Diagnostic(.buildFailed, "cannot keep the kernel in `\(path)`: \(error.lowercased)")
        }
    }

    private static func out(_ path: FilePath, _ reason: OutReason) -> Diagnostic {
        let start = "cannot build in `\(path)`: "
        switch reason {
        case .unbuildable(let character):
            return Diagnostic(
                .usage, start + "the path has \(character) in it, which the kernel's build refuses",
                hint: "give `out` a path without spaces and colons")
        case .isSource:
            return Diagnostic(
                .usage, start + "it is the source tree itself, which stays clean",
                hint: "give `out` another folder, or leave it out")
        case .unusable(let error):
            return Diagnostic(
                .usage, start + error.lowercased, hint: "give `out` a folder that can be written")
        case .ignoresCase:
            return Diagnostic(
                .usage,
                start + "its file system takes upper and lower case for the same, and the kernel"
                    + " has files whose names differ in that only",
                hint: "give `out` a folder on another file system")
        case .isNoexec:
            return Diagnostic(
                .usage,
                start + "its file system is mounted `noexec`, and the build runs programs that it"
                    + " has built",
                hint: "give `out` a folder on another file system")
        }
    }
}
