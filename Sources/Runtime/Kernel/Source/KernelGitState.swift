import SystemPackage

/// What git says about a source tree.
public struct KernelGitState: Sendable, Equatable {
    /// The full name of the commit that is checked out.
    public var commit: String
    /// The branch; nil where none is checked out.
    public var branch: String?
    /// A tag of that very commit.
    public var tag: String?
    /// Whether tracked files differ from the commit.
    public var isDirty: Bool
    /// When the commit was made, in seconds since 1970.
    public var time = 0

    /// Asks git; nil where the folder is not the top of a repository, or git is not there.
    ///
    /// A repository further up is not the kernel's, as scripts/setlocalversion sees it too.
    @LoopActor
    static func read(_ folder: FilePath) async throws -> KernelGitState? {
        guard GitRepository.hasMark(folder), Command.locate("git") != nil else { return nil }
        let git = GitRepository(folder: folder)
        guard let top = try? await git.line("rev-parse", "--show-cdup"), top.isEmpty,
            let commit = try? await git.line("rev-parse", "--verify", "HEAD")
        else { return nil }
        let branch = try? await git.line("symbolic-ref", "--quiet", "--short", "HEAD")
        let tag = try? await git.line("describe", "--exact-match", "--tags", "HEAD")
        let status = try await git.run(
            ["--no-optional-locks", "status", "--porcelain", "--untracked-files=no"])
        try Task.checkCancellation()
        let time = try? await git.line("log", "-1", "--format=%ct")
        return KernelGitState(
            commit: commit, branch: branch, tag: tag,
            isDirty: !status.succeeded || !status.stdout.isEmpty,
            time: time.flatMap { Int($0) } ?? 0)
    }
}
