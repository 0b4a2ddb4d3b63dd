import Glibc
import TestSupport
import Testing

@testable import QshRuntime

/// Cut, flipped and spliced images. `QSH_FUZZ_CASES` sets how many, `QSH_FUZZ_SEED` which.
@Suite struct ImageFuzzTests {
    private static func setting(_ name: String, _ usual: UInt64) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? usual
    }

    @Test func damagedImagesEndInTimeAndInBounds() throws {
        let cases = Self.setting("QSH_FUZZ_CASES", 5000)
        let first = Self.setting("QSH_FUZZ_SEED", 1)
        // The three largest only cost time.
        let corpus = try Vectors.all.map { try Vectors.bytes($0.file) }.filter { $0.count < 10_000 }
        try #require(corpus.count > 100)
        for seed in first..<first + cases {
            var random = SeededRandom(seed: seed)
            let image = damaged(corpus, &random)
            let started = Deadline.now
            let result = try InitramfsReader.read(bytes: image)
            #expect((Deadline.now - started).seconds < 5, "seed \(seed)")
            #expect(
                result.findings.allSatisfy { (0...image.count).contains($0.offset) },
                "seed \(seed): \(result.findings)")
            let ends = result.segments.map { $0.offset + $0.length }
            #expect(ends.allSatisfy { $0 <= image.count }, "seed \(seed): \(result.segments)")
            _ = InitramfsLint.lint(result)
        }
    }

    private func damaged(_ corpus: [[UInt8]], _ random: inout SeededRandom) -> [UInt8] {
        var image = corpus.randomElement(using: &random) ?? []
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
                let other = corpus.randomElement(using: &random) ?? []
                image.insert(contentsOf: other.shuffledPart(using: &random), at: at & ~3)
            }
        }
        return image
    }
}

extension [UInt8] {
    fileprivate func shuffledPart(using random: inout SeededRandom) -> ArraySlice<UInt8> {
        guard count > 1 else { return self[...] }
        let from = Int.random(in: 0..<count, using: &random)
        return self[from..<Int.random(in: from..<count, using: &random)]
    }
}
