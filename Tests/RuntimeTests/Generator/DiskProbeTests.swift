import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// The probes of the generated `/init`, run by the host's busybox.
@Suite(.enabled(if: Command.locate("busybox") != nil, "no busybox on PATH"))
struct DiskProbeTests {
    init() { TestLoop.start() }

    /// Each with the bytes by which it is known; the same that ``Superblock`` goes by.
    @Test(arguments: [
        ("ext4", 0x438, [0x53, 0xef]), ("xfs", 0, Array("XFSB".utf8)),
        ("btrfs", 0x10040, Array("_BHRfS_M".utf8)), ("f2fs", 0x400, [0x10, 0x20, 0xf5, 0xf2]),
        ("squashfs", 0, Array("hsqs".utf8)), ("erofs", 0x400, [0xe2, 0xe1, 0xf5, 0xe0]),
        ("vfat", 82, Array("FAT32".utf8)), ("vfat", 54, Array("FAT16".utf8)),
        ("iso9660", 0x8001, Array("CD001".utf8)), ("", 0, []),
    ])
    @LoopActor func fileSystemsAreKnownByTheirBytes(
        name: String, offset: Int, magic: [UInt8]
    ) async throws {
        let folder = try TestTree()
        var bytes = [UInt8](repeating: 0, count: 0x11000)
        bytes.replaceSubrange(offset..<offset + magic.count, with: magic)
        let disk = try folder.write("disk", bytes)

        let run = try await CommandRunner.run(
            Command(["busybox", "sh", "-c", diskProbes + "\nfile_system '\(disk)'"]),
            until: .after(.seconds(20)))

        #expect(run.outputText == name)
    }

    @Test @LoopActor func numbersAreTurnedRound() async throws {
        let run = try await CommandRunner.run(
            Command(["busybox", "sh", "-c", diskProbes + "\nlittle 78563412"]),
            until: .after(.seconds(20)))

        #expect(run.outputText == "12345678")
    }
}
