import SystemPackage

/// Why there is no kernel source where one was asked for, or none that can be built.
public enum KernelSourceError: DiagnosticError, Equatable {
    /// What a folder lacks to be a kernel tree, and what may have been meant.
    public struct Lack: Sendable, Equatable {
        let missing: String
        /// A folder in it that looks like a tree.
        let inner: String?
        /// Where it is a build folder: the source it was made from.
        let sourceOfBuild: FilePath?
    }

    /// Nothing there, or a file that is no archive.
    case noFolder(FilePath)
    /// A folder of something else.
    case notATree(FilePath, Lack)
    /// make cannot cope with a character in the path.
    case unbuildablePath(FilePath, String)
    /// A build inside of the tree left files that one outside would pick up.
    case dirty(FilePath, [String], Arch)
    /// `ARCH` in the environment names nothing that qsh knows.
    case unknownArch(String)
    /// The tree has no such architecture.
    case unsupportedArch(FilePath, Arch)
    /// The file is no tar archive that qsh can unpack.
    case notATarball(FilePath)
    /// The archive is damaged or does not fit on the disk.
    case cannotUnpack(FilePath, String)
    /// A file or a folder in it cannot be read.
    case unreadable(FilePath, Errno)
    /// The package has no kernel source in it.
    case noTarballInPackage(String)
    /// A program that unpacks or checks out is not there.
    case missingProgram(String, package: String)
    /// git refused.
    case git(FilePath, String)
    /// No such revision.
    case noRevision(FilePath, String, nearest: String?)
    /// The checkout in the cache has been changed by somebody.
    case changedWorktree(FilePath, String)

    /// A character for which make splits the path.
    static func unbuildable(in path: FilePath) -> String? {
        let names = [(" ", "a space"), (":", "a colon"), ("\t", "a tab"), ("\n", "a line end")]
        return names.first { path.string.contains($0.0) }?.1
    }

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .noFolder(let path):
            Diagnostic(
                .usage, "kernel source `\(path)`: no such folder or file",
                hint: "give a source tree, a tarball, or { debian = \"linux-source\" }")
        case .notATree(let path, let lack): Self.notATree(path, lack)
        case .unbuildablePath(let path, let character):
            Diagnostic(
                .usage,
                "kernel source `\(path)`: the path has \(character) in it, which the kernel's"
                    + " build refuses",
                hint: "move or bind-mount the tree to a path without spaces and colons")
        case .dirty(let path, let found, let arch):
            Diagnostic(
                .usage,
                "kernel source `\(path)`: the tree is not clean: a build inside of it left"
                    + " \(found.map { "`\($0)`" }.joined(separator: ", "))",
                notes: ["the kernel builds outside of a tree only where nothing was built in it"],
                hint: "copy its .config if you want to keep it, then run: "
                    + Command(
                        ["make", "-C", path.string, "ARCH=\(arch.kernel.arch)", "mrproper"]
                    ).shellQuoted)
        case .unknownArch(let name):
            Diagnostic(
                .usage, "environment variable ARCH: no architecture `\(name)`",
                hint: "expected one of " + Arch.all.map(\.kernel.arch).joined(separator: ", "))
        case .unsupportedArch(let path, let arch):
            Diagnostic(
                .usage,
                "kernel source `\(path)`: it has no architecture `\(arch)`: there is no"
                    + " `arch/\(arch.kernel.sourceFolder)`")
        case .notATarball(let path):
            Diagnostic(
                .usage,
                "kernel source `\(path)`: expected a folder or a tar archive (plain, gzip, bzip2,"
                    + " xz or zstd), got another kind of file")
        case .cannotUnpack(let path, let why):
            Diagnostic(
                .usage, "cannot unpack `\(path)`: \(why)", notes: ["nothing of it was kept"],
                hint: why.contains("No space left")
                    ? "free some space, or set XDG_CACHE_HOME to a folder on another disk"
                    : "get the file again; its checksum may tell whether it is whole")
        case .unreadable(let path, let error):
            Diagnostic(
                .usage, "kernel source `\(path)`: cannot read all of it: \(error.lowercased)")
        case .noTarballInPackage(let name):
            Diagnostic(
                .usage, "Debian's package `\(name)`: it holds no tarball of a kernel's source",
                hint: "give \"linux-source\" or a name like \"linux-source-6.1\"")
        case .missingProgram(let program, let package):
            Diagnostic(
                .qemuDidNotStart, "cannot run `\(program)`: not found on PATH",
                hint: PackageManager.ofHost?.installCommand([package]) ?? "install \(package)")
        case .git(let path, let why):
            Diagnostic(.usage, "git repository `\(path)`: \(why)")
        case .noRevision(let path, let revision, let near):
            Diagnostic(
                .usage, "git repository `\(path)`: no revision `\(revision)`",
                hint: near.map { "did you mean `\($0)`?" }
                    ?? Command(["git", "-C", path.string, "fetch", "--tags"]).shellQuoted
                    + " may bring it")
        case .changedWorktree(let path, let revision):
            Diagnostic(
                .usage,
                "kernel source `\(path)`: qsh's checkout of `\(revision)` has been changed",
                hint: "`qsh cache clean \(path.lastComponent?.string ?? "")` removes it; to build"
                    + " changes of your own, open the folder with them")
        }
    }

    private static func notATree(_ path: FilePath, _ lack: Lack) -> Diagnostic {
        var hint = "give the folder that holds the kernel's `Makefile`, `Kconfig` and `arch`"
        if let source = lack.sourceOfBuild {
            hint = "it is a build folder: its source is `\(source)`"
        } else if let inner = lack.inner {
            hint = "did you mean `\(path.appending(inner))`?"
        }
        return Diagnostic(
            .usage,
            "kernel source `\(path)`: not a kernel source tree: it has no `\(lack.missing)`",
            hint: hint)
    }
}
