import SystemPackage

/// A git repository or a checkout of one, through the program git.
struct GitRepository: Sendable {
    let folder: FilePath

    /// Whether a checkout begins here: `.git` is a folder, or a file in a worktree.
    static func hasMark(_ folder: FilePath) -> Bool {
        let mark = folder.appending(".git")
        return FileTree.isFolder(mark) || FileTree.isFile(mark)
    }

    /// Runs git in it, with messages in English and nothing that asks.
    @LoopActor
    func run(_ words: [String], limit: Duration = .seconds(120)) async throws -> CommandResult {
        try await CommandRunner.run(
            Command(
                ["git", "-C", folder.string] + words,
                environment: [
                    "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_DIR": String?.none,
                    "GIT_WORK_TREE": nil, "GIT_INDEX_FILE": nil,
                ]),
            until: .after(limit))
    }

    /// The first line of what a command prints.
    ///
    /// - Throws: ``KernelSourceError/git(_:_:)`` where it fails.
    @LoopActor
    func line(_ words: String...) async throws -> String {
        let result = try await run(words)
        guard result.succeeded else { throw failure(result) }
        return result.outputText.split(separator: "\n").first.map(String.init) ?? ""
    }

    /// git's own words, without its label.
    func failure(_ result: CommandResult) -> KernelSourceError {
        if result.timedOut { return .git(folder, "git did not end in time") }
        let lines = result.errorText.split(separator: "\n")
        let line = lines.first { $0.hasPrefix("fatal: ") || $0.hasPrefix("error: ") } ?? lines.last
        let text = line.map { $0.drop { $0 != " " }.dropFirst() } ?? "git failed"
        return .git(folder, String(text))
    }
}
