import ArgumentParser
import QshRuntime
import SystemPackage

/// `qsh extract IMAGE [PATHS] -C DIR`
struct ExtractCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "extract", abstract: "Write the files of an initramfs into a folder, and nowhere else.",
        discussion: """
            What is written is the tree that the kernel would make. Device nodes are made where \
            that is permitted, and named where it is not. Exit status: 0, or 1 where the image \
            is damaged, or where what lies in the folder already keeps out more than devices.
            """)

    @Argument(help: "An initramfs; `-` is standard input.")
    var image: String

    @Argument(help: "Files and folders in it, also with `*`; all by default.")
    var paths: [String] = []

    @Option(
        name: [.customShort("C"), .customLong("directory")],
        help: "The folder to write into, made where it is missing.")
    var directory = "."

    @LoopActor
    func execute(_ context: CommandContext) async throws -> Int32 {
        let argument = try await ImageArgument(image)
        let result = try await ImageExtraction.extract(
            argument.file, paths, into: FilePath(directory))
        for line in result.refused { context.say(line) }
        let errors = result.findings.filter { $0.severity == .error }
        for finding in errors { context.say("`\(image)`: \(finding.line)") }
        context.detail("\(result.made) files extracted into `\(directory)`")
        return errors.isEmpty && !result.isIncomplete
            ? Verdict.ok.exitCode : Verdict.recipeFailed.exitCode
    }
}
