import Testing

@testable import QshRuntime

/// What unpacks to more than a reader may keep.
@Suite struct ReaderLimitTests {
    /// 2,000 empty files, which take two megabytes in memory, in an image of a few kilobytes.
    private func bomb(_ codec: String) throws -> [UInt8] {
        var tree = InitramfsTree()
        for number in 0..<2000 { try tree.addFile("\(number)", bytes: [], mode: .file) }
        return try tree.image(compression: InitramfsCompression(codec))
    }

    @Test func entriesBeyondTheLimitEndTheReading() throws {
        var options = InitramfsReader.Options()
        options.largestTree = 1 << 20
        let image = try InitramfsReader.read(bytes: bomb("gzip"), options)
        #expect(image.stop == "too much data")
        #expect(image.tree.count < 1500)
    }

    @Test func aTreeInProportionToItsImageIsRead() throws {
        var options = InitramfsReader.Options()
        options.largestTree = 1 << 16
        let image = try InitramfsReader.read(bytes: bomb("none"), options)
        #expect(image.stop == nil)
        #expect(image.tree.count == 2000)
        #expect(try InitramfsReader.read(bytes: bomb("gzip")).tree.count == 2000)
    }
}
