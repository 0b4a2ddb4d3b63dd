import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// What was added to an image, unpacked by a real kernel.
@Suite(.serialized, .enabled(if: Guest.missing == nil, Guest.missing))
struct AppendBootTests {
    init() { TestLoop.start() }

    private static let script = """
        #!/bin/sh
        echo "found $(cat /lib/old) $(cat /usr/lib/added) $(cat /lib/added) end"
        poweroff -f

        """

    @Test(arguments: [("lz4", "none"), ("none", "zstd"), ("xz", "lz4")])
    @LoopActor func theKernelFindsWhatWasAdded(base: String, added: String) async throws {
        let overlay = try TestTree()
        try overlay.write("over/lib/added", "new")
        var guest = try await Guest()
        var tree = InitramfsTree()
        try tree.addDefaultRoot()
        try tree.addBusybox(from: await Busybox.find(arch: .x86_64, progress: { _ in }).program)
        _ = try tree.remove(InitramfsPath("init"))
        try tree.addFile("init", text: Self.script, mode: .program)
        try tree.addFile("usr/lib/old", text: "old")
        try tree.addSymlink("lib", target: "usr/lib")
        let image = guest.folder.path.appending("base.img")
        try await tree.write(to: image, compression: InitramfsCompression(base))

        _ = try await ImageAppending.append(
            [.folder(overlay.path.appending("over"))], to: image,
            compression: InitramfsCompression(added))
        guest.configuration.initramfs = image

        let machine = try await guest.boot()
        let line = try await machine.console.expect(
            " end", limits: ExpectLimits(total: .seconds(100)))
        _ = try await machine.wait(until: .after(.seconds(30)))

        let before = String(decoding: line.before, as: UTF8.self)
        #expect(before.hasSuffix("found old new new"), "\(before.suffix(300))")
    }
}
