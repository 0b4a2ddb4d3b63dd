import Glibc
import QshRuntime
import SystemPackage
import TestSupport

/// Runs the real binary from outside and keeps what it printed.
///
/// `let run = try await QshRun("-e", "print(1)").finish()`
struct QshRun {
    struct Outcome {
        var status: Int32
        var stdout: String
        var stderr: String
    }

    var arguments: [String]
    var environment: [String: String] = [:]
    var stdin: String = ""
    var files: [String: String] = [:]
    /// Whether `files` are gone after the run.
    var directory: FilePath?
    var limit: Duration = .seconds(60)

    init(_ arguments: String...) { self.arguments = arguments }

    /// The binary that `swift build --build-tests` put beside the test bundle.
    static let binary: FilePath = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let own = FilePath(String(decoding: buffer[..<max(0, count)].map(UInt8.init), as: UTF8.self))
        return own.removingLastComponent().appending("qsh")
    }()

    func with(_ change: (inout QshRun) -> Void) -> QshRun {
        var copy = self
        change(&copy)
        return copy
    }
}
