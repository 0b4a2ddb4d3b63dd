import ArgumentParser
import QshRuntime
import SystemPackage

/// `qsh diff A B`
struct DiffCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "diff", abstract: "Say what differs between two initramfs images, by size.",
        discussion: """
            Compared are the trees that the kernel makes of them, whatever their archives and \
            codecs are. What it would lose or not reach is named. Exit status: 0 where they are \
            the same, 1 where they differ.
            """)

    @Argument(help: "An initramfs; `-` is standard input.")
    var first: String

    @Argument(help: "Another one.")
    var second: String

    @Flag(help: "Count other times as a difference too.")
    var times = false

    @Flag(help: "Print { added, removed, changed, bytes } as JSON.")
    var json = false

    @LoopActor
    func execute(_ context: CommandContext) async throws -> Int32 {
        let (one, other) = (try await ImageArgument(first), try await ImageArgument(second))
        let difference = try await InitramfsDifference.compare(
            one.file, other.file, times: times)
        if json {
            StandardOutput.write(difference.json.bytes + [UInt8(ascii: "\n")])
        } else {
            StandardOutput.write(difference.text)
        }
        let damage = [(first, difference.damage.before), (second, difference.damage.after)]
        for (image, findings) in damage {
            for finding in findings { context.say("`\(image)`: \(finding.line)") }
        }
        return difference.isEmpty ? Verdict.ok.exitCode : Verdict.recipeFailed.exitCode
    }
}
