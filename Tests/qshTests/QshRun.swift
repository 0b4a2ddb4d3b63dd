import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// Runs the real binary from outside and keeps what it printed.
///
/// `let run = try await QshRun("-e", "print(1)").finish()`
struct QshRun {
    struct Outcome {
        var status: Int32
        var stdout: String
        var stderr: String
    }

    private var arguments: [String]
    /// Variables on top of the test's own environment; nil removes one.
    var environment: [String: String?] = [:]
    var stdin = ""
    /// Files to be made in the folder that the run starts in.
    var files: [String: String] = [:]
    /// A folder that outlives the run; a fresh one otherwise.
    var folder: FilePath?
    var limit: Duration = .seconds(120)

    init(_ arguments: String...) { self.arguments = arguments }

    init(_ arguments: [String]) { self.arguments = arguments }

    /// A recipe of this text, as `recipe.lua`.
    init(recipe: String, _ arguments: String...) {
        self.arguments = ["recipe.lua"] + arguments
        files["recipe.lua"] = recipe
    }

    /// The binary that was built beside the test bundle.
    static let binary: FilePath = ownPath.removingLastComponent().appending("qsh")

    /// The package's folder: four above the bundle in `.build/TRIPLE/debug`.
    static let repository = FilePath(#filePath).removingLastComponent().removingLastComponent()
        .removingLastComponent()

    private static let ownPath: FilePath = {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes {
            $0.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlink("/proc/self/exe", $0, text.count) } ?? 0
            }
        }
        return FilePath(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self))
    }()

    func with(_ change: (inout QshRun) -> Void) -> QshRun {
        var copy = self
        change(&copy)
        return copy
    }

    /// Runs to the end; the test fails where the limit passes first.
    func finish() async throws -> Outcome {
        TestLoop.start()
        let scratch = try ScratchFolder()
        let folder = folder ?? scratch.path
        for (name, text) in files { _ = try scratch.file(name, text.utf8) }
        var environment = environment
        if environment["NO_COLOR"] == nil { environment["NO_COLOR"] = "1" }
        let command = Command(
            [Self.binary.string] + arguments, environment: environment, workingDirectory: folder)
        let result = try await CommandRunner.run(
            command, input: Array(stdin.utf8), until: .after(limit))
        #expect(!result.timedOut, "`\(command.shellQuoted)` did not end in \(limit)")
        return Outcome(result)
    }

    /// Runs a shell script in which `$QSH` is the binary.
    static func shell(_ script: String, limit: Duration = .seconds(120)) async throws -> Outcome {
        TestLoop.start()
        let command = Command(
            ["sh", "-c", script], environment: ["QSH": binary.string, "NO_COLOR": "1"],
            workingDirectory: repository)
        let result = try await CommandRunner.run(command, until: .after(limit))
        #expect(!result.timedOut, "`\(script)` did not end in \(limit)")
        return Outcome(result)
    }
}

extension QshRun.Outcome {
    init(_ result: CommandResult) {
        status = result.code ?? 128 + (result.signal ?? 0)
        stdout = String(decoding: result.stdout, as: UTF8.self)
        stderr = String(decoding: result.stderr, as: UTF8.self)
    }
}
