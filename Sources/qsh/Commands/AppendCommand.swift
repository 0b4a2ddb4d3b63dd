import ArgumentParser
import QshRuntime
import SystemPackage

/// `qsh append IMAGE OVERLAY…`
struct AppendCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "append", abstract: "Add files to an initramfs without unpacking it.",
        discussion: """
            An overlay is a folder, whose contents go into the image's root, a file, which goes \
            there under its own name, or HOST=PATH. Paths go through the image's own symlinks: \
            lib/x lands in usr/lib where lib is a symlink.
            """)

    @Argument(help: "An initramfs, which is replaced unless --output names another one.")
    var image: String

    @Argument(help: "What is added.")
    var overlays: [String]

    @Option(name: .shortAndLong, help: "Write the new image here.")
    var output: String?

    @Option(help: "How the added files are compressed, as `zstd` or `zstd:19`.")
    var compress = "none"

    @LoopActor
    func execute(_ context: CommandContext) async throws -> Int32 {
        let result = try await ImageAppending.append(
            overlays.map { ImageOverlay($0) }, to: FilePath(image),
            output: output.map { FilePath($0) }, compression: InitramfsCompression(word: compress))
        context.detail("\(result.paths.count) entries added, \(result.length) bytes in all")
        return Verdict.ok.exitCode
    }
}
