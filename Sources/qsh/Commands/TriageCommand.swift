import ArgumentParser
import QshRuntime
import SystemPackage

/// `qsh triage CONSOLE.txt`: what a kernel's log holds of trouble.
struct TriageCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "triage", abstract: "Find panics, oopses and warnings in a console's log.",
        discussion: """
            Reads a serial console, `dmesg` or a journal, of any architecture, and prints each \
            report of the kernel whole. Exit status: 3 where the kernel panicked or oopsed, \
            else 0.
            """)

    @Argument(help: "The log; `-` is standard input.")
    var console: String

    @Option(help: "Add source lines from this uncompressed kernel with debug information.")
    var vmlinux: String?

    @Flag(help: "Print a list of { line, kind, severity, detail }.")
    var json = false

    func execute(_ context: CommandContext) async throws -> Int32 {
        var triage =
            console == "-"
            ? ConsoleTriage(of: try await PipeInput.standardInput())
            : try await ConsoleTriage.read(FilePath(console))
        if let vmlinux {
            let decoded = try await triage.decode(with: FilePath(vmlinux))
            context.say(
                "vmlinux: \(decoded.decodedCount) of \(decoded.placeCount) places decoded"
                    + (decoded.unchecked.map { "; not compared with the log: \($0)" } ?? ""))
        }
        let name = console == "-" ? "stdin" : console
        StandardOutput.write(json ? triage.json : triage.text(name: name))
        return triage.hasCrash ? Verdict.oops.exitCode : Verdict.ok.exitCode
    }
}
