import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// Every codec that qsh writes, in several parts, unpacked by a real kernel.
@Suite(.serialized, .enabled(if: Guest.missing == nil, Guest.missing))
struct CodecBootTests {
    init() { TestLoop.start() }

    /// Sums up what it was given, and leaves.
    private static let script = """
        #!/bin/sh
        mount -t proc proc /proc
        echo "unpacked $(find /data -type f | sort | xargs cat | md5sum)"
        poweroff -f

        """

    /// More than two parts of any codec.
    private func data() -> [[UInt8]] {
        var random = SeededRandom(seed: 7)
        let words = (0..<64).map { _ in random.next() }
        return (0..<6).map { number in
            [UInt8](unsafeUninitializedCapacity: 3 << 20) { space, count in
                for index in space.indices {
                    let word = words[(index >> 3 &* (number + 7) ^ index >> 12) & 63]
                    space[index] = UInt8(truncatingIfNeeded: word >> (8 * UInt64(index & 7)))
                }
                count = 3 << 20
            }
        }
    }

    @Test(arguments: ["gzip", "bzip2", "lzma", "xz", "lzo", "lz4", "zstd"])
    @LoopActor func theKernelUnpacks(_ codec: String) async throws {
        var guest = try await Guest()
        let files = data()
        var tree = InitramfsTree()
        try tree.addDefaultRoot()
        try tree.addBusybox(from: await Busybox.find(arch: .x86_64, progress: { _ in }).program)
        _ = try tree.remove(InitramfsPath("init"))
        try tree.addFile("init", text: Self.script, mode: .program)
        for (number, bytes) in files.enumerated() {
            try tree.addFile("data/\(number)", bytes: bytes)
        }
        let image = guest.folder.path.appending("\(codec).img")
        try await tree.write(to: image, compression: InitramfsCompression(codec, level: 1))
        guest.configuration.initramfs = image

        let machine = try await guest.boot()
        let line = try await machine.console.expect(
            "unpacked ", limits: ExpectLimits(total: .seconds(100)))
        _ = line
        let sum = try await machine.console.expect(
            "  -", limits: ExpectLimits(total: .seconds(60)))
        _ = try await machine.wait(until: .after(.seconds(30)))

        let host = try await CommandRunner.run(
            Command(["md5sum"]), input: files.flatMap(\.self), until: .after(.seconds(60)))
        #expect(host.outputText.hasPrefix(String(decoding: sum.before, as: UTF8.self)))
        let log = machine.console.dmesg.map { String(decoding: $0.text, as: UTF8.self) }
        #expect(!log.contains { $0.contains("unpacking failed") })
    }
}
