import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct SuperblockTests {
    private let folder: TestTree

    init() throws { folder = try TestTree() }

    private func disk(_ size: Int, _ parts: (Int, [UInt8])...) throws -> FilePath {
        var bytes = [UInt8](repeating: 0, count: size)
        for (at, part) in parts { bytes.replaceSubrange(at..<at + part.count, with: part) }
        return try folder.write("disk", bytes)
    }

    private func little(_ value: UInt64, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    @Test(arguments: [
        (0x438, [0x53, 0xef] as [UInt8], "ext4"), (0, Array("XFSB".utf8), "xfs"),
        (0x10040, Array("_BHRfS_M".utf8), "btrfs"), (0, Array("hsqs".utf8), "squashfs"),
        (0x8001, Array("CD001".utf8), "iso9660"),
    ])
    func fileSystemsAreToldByTheirMagic(at: Int, magic: [UInt8], name: String) throws {
        let disk = try disk(1 << 17, (at, magic))

        #expect(try Superblock.read(disk) == .fileSystem(name))
    }

    @Test func ciphersStandInTheHeaders() throws {
        let magic: [UInt8] = Array("LUKS".utf8) + [0xba, 0xbe]
        let one = try disk(
            4096, (0, magic + [0, 1] + Array("serpent".utf8)), (40, Array("cbc-essiv:sha256".utf8)))
        #expect(
            try Superblock.read(one) == .luks(version: 1, ciphers: ["serpent-cbc-essiv:sha256"]))
        let json = #"{"segments":{"0":{"encryption":"aes-xts-plain64"}},"keyslots":{}}"#
        let two = try disk(
            1 << 16, (0, magic + [0, 2] + [0, 0, 0, 0, 0, 0, 0x40, 0]), (4096, Array(json.utf8)))
        #expect(try Superblock.read(two) == .luks(version: 2, ciphers: ["aes-xts-plain64"]))
    }

    @Test func aMirrorIsLookedThrough() throws {
        let uuid = (0..<16).map { UInt8($0) }
        let disk = try disk(
            1 << 20,
            (4096, little(0xa92b_4efc, 4) + little(1, 4)), (4096 + 16, uuid),
            (4096 + 72, little(1, 4)), (4096 + 128, little(64, 8)),
            (64 * 512 + 0x438, [0x53, 0xef]))

        let stack = try RootStack(of: [disk, disk])

        #expect(stack.arrays == [1: ["00010203:04050607:08090a0b:0c0d0e0f"]])
        #expect(stack.fileSystem == "ext4")
    }

    private let signature: [UInt8] = [0x55, 0xaa]
    private let ext4: [UInt8] = [0x53, 0xef]

    @Test func partitionsOfAnMBRAreLookedAt() throws {
        let disk = try disk(
            1 << 20, (510, signature), (446 + 4, [0xc, 0, 0, 0] + little(32, 4)),
            (462 + 4, [0x83, 0, 0, 0] + little(128, 4)),
            (32 * 512 + 0x52, Array("FAT32".utf8)), (32 * 512 + 510, signature),
            (128 * 512 + 0x438, ext4))

        #expect(try RootStack(of: [disk]).fileSystem == "ext4")
    }

    @Test func partitionsOfAGPTAreLookedAt() throws {
        let disk = try disk(
            1 << 20, (510, signature), (446 + 4, [0xee, 0, 0, 0] + little(1, 4)),
            (512, Array("EFI PART".utf8)), (512 + 72, little(2, 8)),
            (512 + 80, little(4, 4) + little(128, 4)),
            (1024, [1]), (1024 + 32, little(256, 8)), (1024 + 128, [2]),
            (1024 + 128 + 32, little(64, 8)),
            (256 * 512 + 0x438, ext4),
            (64 * 512 + 0x52, Array("FAT32".utf8)), (64 * 512 + 510, signature))

        #expect(try RootStack(of: [disk]).fileSystem == "ext4")
    }

    @Test func anEmptyDiskIsYetToBeFilled() throws {
        #expect(try RootStack(of: [disk(1 << 20)]).fileSystem == nil)
    }

    @Test func aDiskWithNothingKnownIsRefused() throws {
        let disk = try disk(1 << 20, (510, signature))
        let error = #expect(throws: GeneratorError.self) { try RootStack(of: [disk]) }
        #expect(
            error?.diagnostic
                == Diagnostic(
                    .usage,
                    "cannot tell what the root on `\(disk)` needs: no file system, LUKS volume, "
                        + "array or LVM volume that is known is on it",
                    hint: "give the disk or the partition that the root lies on, or an image of it")
        )
    }

    @Test func whatIsNothingOrCutShortIsNothing() throws {
        for size in [0, 1, 511, 4097] { #expect(try Superblock.read(disk(size)) == nil) }
        let cut = try disk(16, (0, Array("LUKS".utf8) + [0xba, 0xbe, 0, 2]))
        #expect(try Superblock.read(cut) == .luks(version: 2, ciphers: []))
        #expect(throws: Errno.noSuchFileOrDirectory) { try Superblock.read("/no/disk") }
    }

    /// Whatever the bytes, reading ends without a trap.
    @Test func damagedHeadersDoNotCrash() throws {
        var random = SeededRandom(seed: 7)
        for _ in 0..<300 {
            var bytes = (0..<8192).map { _ in UInt8.random(in: 0...255, using: &random) }
            let magics: [[UInt8]] = [
                Array("LUKS".utf8) + [0xba, 0xbe, 0, 2], little(0xa92b_4efc, 4) + little(1, 4),
            ]
            bytes.replaceSubrange(0..<8, with: magics[Int.random(in: 0...1, using: &random)])
            let file = try folder.write("disk", bytes)
            _ = try Superblock.read(file)
            _ = try? RootStack(of: [file])
        }
    }
}
