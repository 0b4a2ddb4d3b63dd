import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// Every block that a reader may copy is run, in the order of its document.
///
/// `lua` runs as a recipe in a scratch folder, `sh` by `sh -eu` in a stand-in for the repository's
/// root that holds links to all of it, so that files of earlier blocks are there too. `text` is
/// not run; directly behind a block that was, it is held against what that printed: standard
/// output, then standard error without qsh's own remarks.
@Suite struct DocumentTests {
    @Test(
        .enabled(if: Command.locate("qemu-system-x86_64") != nil, "no qemu-system-x86_64 on PATH"),
        arguments: DocumentFile.all)
    func everyBlockRuns(document: DocumentFile) async throws {
        let text = try #require(DocumentFile.text(document.path), "\(document.name) is missing")
        let folder = try repositoryOfLinks()
        // What the block before printed, until another block comes.
        var printed: String?
        var blocks = DocumentFile.blocks(of: text)[...]
        while let block = blocks.popFirst() {
            let place = Comment(rawValue: "\(document.name):\(block.line)")
            switch block.language {
            case "lua":
                var recipe = [block]
                // The continued blocks of one recipe, with the outputs shown between them.
                while blocks.drop(while: { $0.language == "text" }).first?.continues == true,
                    let next = blocks.popFirst()
                { recipe.append(next) }
                printed = try await run(recipe, in: folder, place)
            case "sh":
                printed = try await runShell(block, in: folder, place)
            case "text":
                if let printed {
                    #expect(
                        DocumentOutput(expected: block.text).matches(printed),
                        "\(place): shown\n\(block.text)printed\n\(printed)")
                }
                printed = nil
            default:
                Issue.record("\(place): a block needs a language: lua, sh or text")
            }
        }
    }

    /// Runs the pieces of one recipe and checks the outputs shown between them.
    ///
    /// - Returns: what the last piece printed.
    private func run(
        _ blocks: [DocumentBlock], in folder: ScratchFolder, _ place: Comment
    ) async throws -> String {
        let first = try #require(blocks.first)
        let last = blocks.last { $0.language == "lua" } ?? first
        let pieces = blocks.filter { $0.language == "lua" }.map(\.text)
        let recipe = pieces.joined(separator: "print('\(Self.cut)')\n")
        _ = try folder.file(first.fileName, recipe.utf8)
        let run = try await QshRun([first.fileName]).with { $0.folder = folder.path }.finish()
        #expect(run.status == last.status, "\(place): \(run.stderr)")
        let outputs = run.output.split(
            separator: Self.cut + "\n", omittingEmptySubsequences: false)
        #expect(outputs.count == pieces.count, "\(place): \(run.output)")
        var piece = -1
        for block in blocks {
            if block.language == "lua" {
                piece += 1
            } else if piece < outputs.count {
                #expect(
                    DocumentOutput(expected: block.text).matches(String(outputs[piece])),
                    "\(place), line \(block.line): shown\n\(block.text)printed\n\(outputs[piece])")
            }
        }
        return String(outputs.last ?? "")
    }

    private static let cut = "-- 8< --"

    private func runShell(
        _ block: DocumentBlock, in folder: ScratchFolder, _ place: Comment
    ) async throws -> String? {
        let lines = block.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        // They build and run these very tests: running them here would never end.
        let setUp = lines.filter {
            $0 == "./test" || $0.hasPrefix("./test ") || $0.hasPrefix("swift ")
        }
        if !setUp.isEmpty {
            #expect(setUp.count == lines.count, "\(place): `./test` and `swift` need own blocks")
            return nil
        }
        let path = [
            QshRun.binary.removingLastComponent().string,
            getenv("PATH").map { String(cString: $0) },
        ]
        let command = Command(
            ["sh", "-euc", block.text],
            environment: [
                "PATH": path.compactMap(\.self).joined(separator: ":"), "NO_COLOR": "1",
                "QSH_BINARY": QshRun.binary.string,
            ], workingDirectory: folder.path)
        let result = try await CommandRunner.run(command, until: .after(.seconds(120)))
        let run = QshRun.Outcome(result)
        #expect(run.status == block.status, "\(place): \(run.stderr)")
        return run.output
    }

    /// A folder with a link to everything at the top of the repository.
    private func repositoryOfLinks() throws -> ScratchFolder {
        TestLoop.start()
        let folder = try ScratchFolder()
        for name in FileTree.names(in: QshRun.repository) {
            let target = QshRun.repository.appending(name)
            #expect(symlink(target.string, folder.path.appending(name).string) == 0)
        }
        return folder
    }

    @Test func theTestCommandIsThereAndCIRunsIt() throws {
        for name in ["boot", "test", ".ci/run"] {
            #expect(access(QshRun.repository.appending(name).string, X_OK) == 0, "\(name)")
        }
        let ci = try #require(DocumentFile.text(QshRun.repository.appending(".ci/run")))
        #expect(ci.contains("./test"))
        #expect(ci.contains("./boot"))
    }

    @Test(arguments: [
        ("a\nb\n", "a\nb\n", true), ("a\n…\nd\n", "a\nb\nc\nd\n", true), ("…\n", "", true),
        ("a … c\n", "a b c\n", true), ("a … c\n", "a b d\n", false), ("a\n", "a\nb\n", false),
        ("a…b…c", "a1b2c", true), ("a…b…c", "a1c2c", false), ("ab…b", "ab", false),
    ])
    func outputsMatchWithGaps(shown: String, printed: String, expected: Bool) {
        #expect(DocumentOutput(expected: shown).matches(printed) == expected)
    }

    @Test func blocksAreFoundWithTheirWords() {
        let blocks = DocumentFile.blocks(of: "a\n```lua first.lua exit=3\nx\n\ny\n```\n```\nz\n```")

        #expect(blocks.map(\.text) == ["x\n\ny\n", "z\n"])
        #expect(blocks.map(\.language) == ["lua", ""])
        #expect(blocks.map(\.line) == [2, 7])
        #expect(blocks[0].fileName == "first.lua")
        #expect(blocks[0].status == 3)
    }
}

extension QshRun.Outcome {
    /// Both streams, without the remarks that depend on the host.
    var output: String {
        let errors = stderr.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("qsh: ") }
        return stdout + errors.joined(separator: "\n")
    }
}
