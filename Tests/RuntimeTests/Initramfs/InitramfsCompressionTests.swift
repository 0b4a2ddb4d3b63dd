import SystemPackage
import TestSupport
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

    @Test(arguments: ["gzip", "zstd", "xz", "lz4", "lzo", "bzip2", "lzma"])
    func isReadBackTheSame(name: String) throws {
        let tree = try tree()
        var options = InitramfsReader.Options()
        options.digests = true
        let plain = try InitramfsReader.read(bytes: tree.image(), options)
        let bytes = try tree.image(compression: InitramfsCompression(name))
        let image = try InitramfsReader.read(bytes: bytes, options)
        #expect(image.findings == [])
        let isSame = image.tree.map(unplaced) == plain.tree.map(unplaced)
        #expect(isSame)
        // lz4 goes on where one stream ends and the next begins; the rest are segments.
        let parts = ["zstd": 1, "xz": 1, "lz4": 1, "lzma": 2, "bzip2": 3][name] ?? 5
        #expect(image.segments.map(\.codec.rawValue) == [String](repeating: name, count: parts))
        #expect(bytes.count < plain.length / 10)
        #expect(try tree.image(compression: InitramfsCompression(name)) == bytes)
    }

    private func unplaced(_ node: InitramfsNode) -> InitramfsNode {
        var node = node
        node.offset = 0
        return node
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

    @Test(arguments: ["gzip", "lz4", "lzo", "bzip2", "lzma"])
    func partsDoNotDependOnTheNumberOfThreads(name: String) throws {
        let compression = try InitramfsCompression(name, level: 1)
        let outputs = try [1, 3].map { threads in
            let sink = MemorySink()
            let parted = PartedSink(compression, threads: threads, to: sink)
            var writer = CpioWriter(to: parted, CpioConfiguration())
            try writer.write(tree().entries) { false }
            return sink.bytes
        }
        #expect(outputs[0] == outputs[1])
    }

    /// A file larger than any part passes through, between parts that are held.
    @Test func aLargeFileIsAStreamOfItsOwn() throws {
        var tree = InitramfsTree()
        try tree.addFile("a", bytes: [UInt8](repeating: 1, count: 3 << 20))
        try tree.addFile("b", bytes: [UInt8](repeating: 2, count: 40 << 20))
        try tree.addFile("c", bytes: [UInt8](repeating: 3, count: 3 << 20))
        let compression = try InitramfsCompression("lzo", level: 1)
        let image = try InitramfsReader.read(bytes: tree.image(compression: compression))
        #expect(image.findings == [])
        #expect(image.segments.map(\.entries) == [1, 1, 1, 0])
        #expect(image.tree.map(\.size) == [3 << 20, 40 << 20, 3 << 20])
    }

    @Test(
        .enabled(if: Command.locate("lzop") != nil, "no lzop on PATH"))
    func lzopReadsWhatIsWritten() async throws {
        TestLoop.start()
        let tree = try tree()
        for level in [1, 9] {
            let packed = try tree.image(compression: InitramfsCompression("lzo", level: level))
            let result = try await CommandRunner.run(
                Command(["lzop", "-dc"]), input: packed, until: .after(.seconds(60)))
            #expect(result.stdout == (try tree.image()))
        }
    }

    @Test func errors() {
        #expect(throws: InitramfsError.unknownCodec("zst", near: "zstd")) {
            try InitramfsCompression("zst")
        }
        #expect(
            InitramfsError.unknownCodec("zst", near: "zstd").diagnostic.message
                == "compression `zst` is not known: expected one of none, zstd, gzip, xz, lz4, "
                + "lzo, bzip2, lzma")
        #expect(
            InitramfsError.badLevel("gzip", 12, least: 1, most: 9).diagnostic.message
                == "compression level of `gzip` expects 1 to 9, got 12")
    }
}
