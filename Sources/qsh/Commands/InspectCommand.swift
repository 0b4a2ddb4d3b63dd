import ArgumentParser
import QshRuntime
import SystemPackage

/// `qsh inspect IMAGE`
struct InspectCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "inspect", abstract: "Say what an initramfs or a kernel image holds.",
        discussion: """
            Segments and their codecs, kernel version, modules, init and hooks, as the kernel \
            will unpack them. Exit status: 0 for a sound image, 1 where the kernel would lose \
            something or stop.
            """)

    @Argument(help: "An initramfs or a kernel image; `-` is standard input.")
    var image: String

    @Flag(help: "List the files, as `ls -l` does.")
    var list = false

    @Flag(help: "Print { segments, tree, findings } as JSON.")
    var json = false

    @LoopActor
    func execute(_ context: CommandContext) async throws -> Int32 {
        let argument = try await ImageArgument(image)
        let inspection =
            list && !json
            ? try await ImageInspection.list(argument.file)
            : try await ImageInspection.inspect(argument.file)
        if json {
            StandardOutput.write(inspection.json.bytes + [UInt8(ascii: "\n")])
        } else {
            print(inspection, context)
        }
        return inspection.hasErrors ? Verdict.recipeFailed.exitCode : Verdict.ok.exitCode
    }

    @LoopActor
    private func print(_ inspection: ImageInspection, _ context: CommandContext) {
        switch inspection {
        case .kernel(let kernel):
            StandardOutput.write(kernel.text)
            if let configuration = kernel.configuration, !list {
                StandardOutput.write(configuration)
            }
        case .initramfs(let image, _) where list, .unified(_, let image, _) where list:
            for line in InitramfsListing(image.tree) { StandardOutput.write(line + "\n") }
            for finding in image.findings where finding.severity != .info {
                context.say("`\(self.image)`: \(finding.line)")
            }
        case .initramfs(let image, let summary):
            StandardOutput.write(ImageReport(image, summary).text)
        case .unified(let kernel, let image, let summary):
            StandardOutput.write(kernel?.text ?? "format:   unified kernel image\n")
            StandardOutput.write(ImageReport(image, summary).text)
        }
    }
}
