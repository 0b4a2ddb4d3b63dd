import SystemPackage

/// Turns steps into reports: how many of how many, and how long still.
@LoopActor
final class KernelBuildProgress {
    private let report: @LoopActor (ProgressReport?) -> Void
    private let total: Int?
    private let start = Deadline.now
    private var done = 0

    init(total: Int?, report: @escaping @LoopActor (ProgressReport?) -> Void) {
        self.total = total
        self.report = report
        report(ProgressReport("building", done: 0, total: total, unit: "steps"))
    }

    func step(_ verb: String, _ target: String) {
        done += 1
        // An estimate that was too low is none any more.
        let total = total.flatMap { $0 >= done ? $0 : nil }
        report(
            ProgressReport(
                "building", done: done, total: total, unit: "steps", detail: "\(verb) \(target)",
                remaining: remaining(total)))
    }

    /// Nothing is said about the first steps, which are host programs and generated files.
    private func remaining(_ total: Int?) -> Duration? {
        guard let total, done >= 20 else { return nil }
        let elapsed = (Deadline.now - start).seconds
        guard elapsed > 3 else { return nil }
        return .milliseconds(Int(elapsed / Double(done) * Double(total - done) * 1000))
    }
}

/// Step counts of earlier builds, by configuration.
struct KernelStepCounts {
    let cache: Cache

    private func file(_ config: Digest) -> FilePath {
        cache.path(of: "steps").appending(config.description)
    }

    func steps(_ config: Digest) -> Int? {
        guard let bytes = try? readSmallFile(file(config), limit: 32) else { return nil }
        return Int(String(decoding: bytes, as: UTF8.self))
    }

    /// Only of a build that began with nothing.
    func remember(_ steps: Int, for config: Digest) {
        try? FileTree.makeFolders(cache.path(of: "steps"))
        try? AtomicFile.write(Array("\(steps)".utf8), to: file(config))
    }
}
