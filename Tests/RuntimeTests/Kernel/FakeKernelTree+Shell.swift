import TestSupport
import Testing

@testable import QshRuntime

extension FakeKernelTree {
    /// Runs a script in the tree, with a git that nobody has configured.
    @discardableResult
    @LoopActor func shell(_ script: String) async throws -> String {
        let result = try await CommandRunner.run(
            Command(
                ["sh", "-euc", script],
                environment: [
                    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a",
                    "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
                    "GIT_COMMITTER_EMAIL": "a@b",
                ], workingDirectory: folder),
            until: .after(.seconds(60)))
        try #require(result.succeeded, "\(script): \(result.errorText)")
        return result.outputText
    }
}
