import QshRuntime
import Testing

@Suite struct ByteSizeTests {
    @Test(
        arguments: [
            ("256M", 256 << 20), ("1G", 1 << 30), ("1.5G", 1536 << 20), ("512 MiB", 512 << 20),
            ("1024", 1 << 30), ("4096k", 4 << 20), ("100b", 100), ("2TB", 2 << 40),
        ] as [(String, UInt64)])
    func readsQEMUsNotation(text: String, bytes: UInt64) {
        #expect(ByteSize(text)?.bytes == bytes)
    }

    @Test(arguments: [
        "", "12 potatoes", "M", "-1G", "0", "1e9", "1.G", ".5G", "1..5G", "0x10", "9999999T",
        "1G extra", "inf", "nan", "\u{661}G",
    ])
    func refusesWhatIsNoSize(text: String) {
        #expect(ByteSize(text) == nil)
    }

    @Test func aNumberCountsMebibytes() {
        #expect(ByteSize(mebibytes: 1024) == ByteSize("1G"))
        #expect(ByteSize(mebibytes: 0.5)?.bytes == 512 << 10)
        for number in [0, -1, .nan, .infinity, 1e300] {
            #expect(ByteSize(mebibytes: number) == nil)
        }
    }

    @Test(arguments: [
        ("1G", "1G", "1024"), ("1536M", "1536M", "1536"), ("1000B", "1000B", "1000B"),
        ("3K", "3K", "3K"),
    ])
    func writesTheLargestUnitWithoutAFraction(text: String, description: String, memory: String) {
        let size = ByteSize(text)

        #expect(size?.description == description)
        #expect(size?.qemuMemory == memory)
    }
}
