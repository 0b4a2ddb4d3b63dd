import SystemPackage
import Testing

@testable import QshRuntime

/// Filters that xz writes and the kernel may refuse.
@Suite struct XzFilterTests {
    private static let hasXz = (try? run("xz", "--version")) != .some(nil)

    @Test(
        .enabled(if: hasXz, "no xz on PATH"),
        arguments: [
            (["--lzma2"], nil), (["--x86", "--lzma2"], nil),
            (["--delta", "--lzma2"], "the delta filter"), (["--arm", "--lzma2"], "the ARM filter"),
            (["--x86=start=16", "--lzma2"], "an offset"),
            (["--delta", "--x86", "--lzma2"], "3 filters"),
        ] as [([String], String?)])
    func onlyWhatTheKernelKnows(filters: [String], refused: String?) throws {
        let folder = try TestFolder()
        let plain = try folder.write("image", Vectors.bytes("004-two-archives.bin"))
        let command = "xz --check=crc32 \(filters.joined(separator: " ")) \(plain)"
        _ = try run("sh", "-c", command)
        let image = try InitramfsReader.read(plain.removingLastComponent().appending("image.xz"))
        let errors = image.findings.filter { $0.severity == .error }.map(\.message)

        if let refused {
            let expected =
                "the xz stream uses \(refused), which the kernel refuses: "
                + "compress with `xz --check=crc32`"
            #expect(errors.contains(expected), "\(errors)")
        } else {
            #expect(errors == [])
        }
    }
}
