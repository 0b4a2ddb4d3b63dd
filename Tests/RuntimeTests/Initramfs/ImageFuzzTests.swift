import Glibc
import Synchronization
import TestSupport
import Testing

@testable import QshRuntime

/// Cut, flipped and spliced images, 100,000 of them on all processors.
///
/// `QSH_FUZZ_SECONDS=3600` goes on for an hour instead, `QSH_FUZZ_CASES` sets how many,
/// `QSH_FUZZ_SEED` with which to begin: the number that a failure names.
@Suite struct ImageFuzzTests {
    private struct Settings {
        var first = setting("QSH_FUZZ_SEED") ?? 1
        var cases =
            setting("QSH_FUZZ_CASES") ?? (setting("QSH_FUZZ_SECONDS") == nil ? 100_000 : .max)
        var limit = setting("QSH_FUZZ_SECONDS").map { Deadline.after(.seconds(Int64($0))) }

        private static func setting(_ name: String) -> UInt64? {
            getenv(name).flatMap { UInt64(String(cString: $0)) }
        }
    }

    /// What the threads share.
    private final class Run: Sendable {
        let corpus: [[UInt8]]
        let next: Atomic<UInt64>
        let done = Atomic<UInt64>(0)
        let failures = Mutex<[String]>([])

        init(_ corpus: [[UInt8]], from first: UInt64) {
            self.corpus = corpus
            next = Atomic(first)
        }
    }

    @Test func damagedImagesEndInTimeAndInBounds() async throws {
        let settings = Settings()
        let corpus = try Vectors.all.map { try Vectors.bytes($0.file) }
        try #require(corpus.count == 158)
        let run = Run(corpus, from: settings.first)
        let before = Self.residentMebibytes
        let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<processors {
                group.addTask {
                    try await WorkerThread.run { _ in
                        while !Self.isOver(run, settings) { Self.oneCase(run) }
                    }
                }
            }
            try await group.waitForAll()
        }
        let failures = run.failures.withLock(\.self)
        #expect(failures == [])
        // Windows and buffers of a decoder for each thread, zstd's largest window among them.
        #expect(Self.residentMebibytes - before < 128 * processors + 64)
        if settings.limit != nil {
            print("fuzz: \(run.done.load(ordering: .relaxed)) cases, \(failures.count) failures")
        }
    }

    private static func isOver(_ run: Run, _ settings: Settings) -> Bool {
        if let limit = settings.limit, limit.hasPassed { return true }
        return run.done.load(ordering: .relaxed) >= settings.cases
    }

    /// The largest the process has been.
    private static var residentMebibytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss / 1024
    }

    private static func oneCase(_ run: Run) {
        run.done.wrappingAdd(1, ordering: .relaxed)
        let seed = run.next.wrappingAdd(1, ordering: .relaxed).oldValue
        var random = SeededRandom(seed: seed)
        let image = damaged(run.corpus, &random)
        let started = Deadline.now
        func fail(_ what: String) {
            run.failures.withLock { if $0.count < 10 { $0.append("seed \(seed): \(what)") } }
        }
        do {
            var options = InitramfsReader.Options()
            options.programs = true
            options.sums = seed & 1 == 0
            let result = try InitramfsReader.read(bytes: image, options)
            if !result.findings.allSatisfy({ (0...image.count).contains($0.offset) }) {
                fail("\(result.findings)")
            }
            if !result.segments.allSatisfy({ $0.offset + $0.length <= image.count }) {
                fail("\(result.segments)")
            }
            _ = InitramfsLint.lint(result)
            // What has gone unseen so far: an image that lost everything and says nothing.
            if result.tree.isEmpty, result.findings.isEmpty { fail("empty without a word") }
        } catch {
            fail("\(error)")
        }
        if (Deadline.now - started).seconds > 10 { fail("it took too long") }
    }

    private static func damaged(
        _ corpus: [[UInt8]], _ random: inout SeededRandom
    ) -> [UInt8] {
        var image = pick(corpus, &random)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            guard !image.isEmpty else { break }
            let at = Int.random(in: 0..<image.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: image.removeSubrange(at...)
            case 1: image[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: image[at] = UInt8.random(in: 0...255, using: &random)
            case 3:
                let end = min(image.count, at + Int.random(in: 1...32, using: &random))
                image.removeSubrange(at..<end)
            default:
                let other = pick(corpus, &random)
                image.insert(contentsOf: other.randomPart(using: &random), at: at & ~3)
            }
        }
        return image
    }

    /// Any of them, the few large ones seldom: they are slow and much like the small ones.
    private static func pick(_ corpus: [[UInt8]], _ random: inout SeededRandom) -> [UInt8] {
        for _ in 0..<1 {
            let chosen = corpus.randomElement(using: &random) ?? []
            if chosen.count < 10_000 { return chosen }
        }
        return corpus.randomElement(using: &random) ?? []
    }
}

extension [UInt8] {
    fileprivate func randomPart(using random: inout SeededRandom) -> ArraySlice<UInt8> {
        guard count > 1 else { return self[...] }
        let from = Int.random(in: 0..<count, using: &random)
        return self[from..<Int.random(in: from..<count, using: &random)]
    }
}
