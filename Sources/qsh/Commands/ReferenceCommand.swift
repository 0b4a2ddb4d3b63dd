import ArgumentParser
import QshRuntime

/// `qsh reference KIND`: prints what is made from the description of the API. For
/// tools/reference.sh; the help does not list it.
struct ReferenceCommand: Subcommand {
    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case markdown, luacheck
        case program = "qsh.1"
        case library = "qsh-lua.3"
    }

    static let configuration = CommandConfiguration.qsh(
        "reference", abstract: "Print a document that is made from the description of the API.")

    @Argument(help: "Which one.")
    var kind: Kind

    func execute(_ context: CommandContext) async throws -> Int32 {
        let reference = APIReference.shared
        let text =
            switch kind {
            case .markdown: ReferenceDocument(reference: reference).text
            case .luacheck: LuacheckNames(reference: reference).text
            case .program: ManualPage.program
            case .library: ManualPage.library(reference)
            }
        StandardOutput.write(text)
        return Verdict.ok.exitCode
    }
}
