import CLinux
import TestSupport
import Testing

/// The searches in C beside the plainest ones.
@Suite struct ByteSearchTests {
    /// Few different letters, so that beginnings and ends of the needle are everywhere.
    @Test(arguments: [1, 2, 3, 26])
    func foundWhereThePlainestSearchFindsIt(letters: Int) {
        var random = SeededRandom(seed: UInt64(letters))
        for _ in 0..<3000 {
            let text = word(random.below(400), letters, &random)
            var needle = word(random.below(12), letters, &random)
            if text.count > 90, random.below(3) == 0 {
                let start = random.below(text.count - 80)
                needle = Array(text[start..<start + 1 + random.below(80)])
            }
            #expect(found(needle, in: text) == plain(needle, in: text), "\(needle) in \(text)")
        }
    }

    @Test func foundAtTheVeryEndOfManyBlocks() {
        for length in 0..<300 {
            let text = [UInt8](repeating: 0x61, count: length) + Array("ab".utf8)
            #expect(found(Array("ab".utf8), in: text) == length)
            #expect(found(Array("aab".utf8), in: text) == (length > 0 ? length - 1 : nil))
        }
    }

    private func word(_ count: Int, _ letters: Int, _ random: inout SeededRandom) -> [UInt8] {
        (0..<count).map { _ in UInt8(0x61 + random.below(letters)) }
    }

    private func found(_ needle: [UInt8], in text: [UInt8]) -> Int? {
        text.withUnsafeBytes { text in
            guard let hit = qlinux_memmem(text.baseAddress, text.count, needle, needle.count),
                let base = text.baseAddress
            else { return nil }
            return hit - base
        }
    }

    private func plain(_ needle: [UInt8], in text: [UInt8]) -> Int? {
        guard needle.count <= text.count else { return nil }
        return (0...text.count - needle.count).first { text[$0...].starts(with: needle) }
    }
}
