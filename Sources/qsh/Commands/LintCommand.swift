import ArgumentParser
import QshRuntime
import SystemPackage

/// `qsh lint IMAGE`
struct LintCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "lint", abstract: "Find before boot what the kernel would lose without a word.",
        discussion: """
            Exit status: 0 where the image boots, 1 where something in it would be lost, hang \
            the kernel, or not run.
            """)

    @Argument(help: "An initramfs; `-` is standard input.")
    var image: String

    @Option(help: "The kernel that is to boot it: its architecture and codecs are checked too.")
    var kernel: String?

    @Option(help: "The architecture of its programs; the host's or the kernel's by default.")
    var arch: String?

    @Option(name: .customLong("init"), help: "What the kernel starts, as `rdinit=`.")
    var initPath = "/init"

    @Flag(help: "Print the findings as JSON.")
    var json = false

    @LoopActor
    func execute(_ context: CommandContext) async throws -> Int32 {
        let target = try await InitramfsLint.Target(
            arch: arch, kernel: kernel.map { FilePath($0) }, initPath: initPath)
        let argument = try await ImageArgument(image)
        let findings = try await InitramfsLint.findings(of: argument.file, for: target)
        if json {
            let list = JSONValue.array(findings.map(\.json))
            StandardOutput.write(list.bytes + [UInt8(ascii: "\n")])
        } else {
            for finding in findings { StandardOutput.write(finding.line + "\n") }
        }
        let isSound = !findings.contains { $0.severity == .error }
        if isSound, !json { context.say("`\(image)`: sound") }
        return isSound ? Verdict.ok.exitCode : Verdict.recipeFailed.exitCode
    }
}
