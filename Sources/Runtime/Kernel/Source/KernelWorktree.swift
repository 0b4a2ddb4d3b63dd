import SystemPackage

/// A revision of somebody's repository, checked out in the cache (git-worktree(1)): the user's own
/// checkout and branches stay as they are.
@LoopActor
struct KernelWorktree {
    let repository: FilePath
    let revision: String
    let cache: Cache
    let progress: @LoopActor (ProgressReport?) -> Void

    /// Checks the revision out where it is not, and returns the folder.
    func open() async throws -> FilePath {
        guard Command.locate("git") != nil else {
            throw KernelSourceError.missingProgram("git", package: "git")
        }
        guard FileTree.isFolder(repository) else { throw KernelSourceError.noFolder(repository) }
        let git = GitRepository(folder: repository)
        let common = FileTree.resolved(
            FileTree.resolved(repository).pushing(
                FilePath(try await git.line("rev-parse", "--git-common-dir"))))
        let commit = try await commit(git)
        let name = "worktree-\(commit.prefix(12))-\(Digest.of(common.string).short)"
        let path = try await cache.entry(
            name, until: .after(.seconds(1800)),
            waiting: { progress(ProgressReport("waiting for another qsh")) },
            make: { try await checkOut(commit, name, git, $0) })
        try await settle(path, git)
        let status = try await GitRepository(folder: path).run(
            ["--no-optional-locks", "status", "--porcelain", "--untracked-files=no"])
        guard status.succeeded, status.stdout.isEmpty else {
            throw KernelSourceError.changedWorktree(path, revision)
        }
        return path
    }

    private func commit(_ git: GitRepository) async throws -> String {
        let result = try await git.run(
            ["rev-parse", "--verify", "--quiet", "--end-of-options", "\(revision)^{commit}"])
        let commit = result.outputText
        guard result.succeeded, !commit.isEmpty else {
            let names = try await git.run(
                ["for-each-ref", "--format=%(refname:short)", "refs/tags", "refs/heads"])
            let known = names.outputText.split(separator: "\n").map(String.init)
            throw KernelSourceError.noRevision(
                repository, revision, nearest: nearest(to: revision, among: known))
        }
        return commit
    }

    private func checkOut(
        _ commit: String, _ name: String, _ git: GitRepository, _ scratch: FilePath
    ) async throws -> FilePath {
        progress(ProgressReport("checking out", detail: revision))
        defer { progress(nil) }
        _ = try await git.run(["worktree", "prune"])
        let folder = scratch.appending(name)
        let result = try await git.run(
            ["worktree", "add", "--force", "--detach", folder.string, commit],
            limit: .seconds(1500))
        guard result.succeeded else { throw git.failure(result) }
        return folder
    }

    /// The repository is told that the checkout was renamed into the cache.
    private func settle(_ path: FilePath, _ git: GitRepository) async throws {
        guard let mark = try? readSmallFile(path.appending(".git"), limit: 8192),
            let own = Self.value("gitdir: ", mark)
        else { return }
        let back = try? readSmallFile(FilePath(own).appending("gitdir"), limit: 8192)
        if back.flatMap({ Self.value("", $0) }) == path.appending(".git").string { return }
        let result = try await git.run(["worktree", "repair", path.string])
        guard result.succeeded else { throw git.failure(result) }
    }

    private static func value(_ prefix: String, _ bytes: [UInt8]) -> String? {
        let line = String(decoding: bytes, as: UTF8.self).prefix { !$0.isNewline }
        return line.hasPrefix(prefix) ? String(line.dropFirst(prefix.count)) : nil
    }
}
