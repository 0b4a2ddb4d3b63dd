import SystemPackage
import Testing

@testable import QshRuntime

@Suite struct InitramfsCompressionTests {
    private func tree() throws -> InitramfsTree {
        var random = SeededRandom(seed: 3)
        var tree = InitramfsTree()
        for number in 0..<40 {
            // Longer in all than one lz4 block.
            var bytes = [UInt8](repeating: UInt8(number), count: 220_000)
            bytes += (0..<5_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            try tree.addFile("d/f\(number)", bytes: bytes)
        }
        return tree
    }

    @Test(arguments: ["gzip", "zstd", "xz", "lz4"])
    func isReadBackTheSame(name: String) throws {
        let tree = try tree()
        var options = InitramfsReader.Options()
        options.digests = true
        let plain = try InitramfsReader.read(bytes: tree.image(), options)
        let bytes = try tree.image(compression: InitramfsCompression(name))
        let image = try InitramfsReader.read(bytes: bytes, options)
        #expect(image.findings == [])
        #expect(image.tree == plain.tree)
        #expect(image.segments.map(\.codec.rawValue) == [name])
        #expect(bytes.count < plain.length / 10)
        #expect(try tree.image(compression: InitramfsCompression(name)) == bytes)
    }

    @Test(arguments: ["zstd", "xz"])
    func bytesDoNotDependOnTheNumberOfThreads(name: String) throws {
        let data = try tree().image()
        let compression = try InitramfsCompression(name, level: 1)
        let outputs = try [1, 4].map { threads in
            let sink = MemorySink()
            let encoder = try #require(compression.makeEncoder(threads: threads))
            let compressing = CompressingSink(encoder, to: sink)
            try data.withUnsafeBytes { try compressing.write($0) }
            try compressing.finish()
            return sink.bytes
        }
        #expect(outputs[0] == outputs[1])
    }

    @Test func errors() {
        #expect(throws: InitramfsError.unknownCodec("zst", near: "zstd")) {
            try InitramfsCompression("zst")
        }
        #expect(
            InitramfsError.unknownCodec("zst", near: "zstd").diagnostic.message
                == "compression `zst` is not known: expected one of none, gzip, zstd, xz, lz4")
        #expect(
            InitramfsError.badLevel("gzip", 12, least: 1, most: 9).diagnostic.message
                == "compression level of `gzip` expects 1 to 9, got 12")
    }
}
