import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// What is made from scripts/meta is what tools/reference.sh would make now.
@Suite struct ReferenceTests {
    @Test(arguments: [
        ("markdown", "docs/lua-api.md"), ("luacheck", ".luacheckrc"), ("qsh.1", "docs/man/qsh.1"),
        ("qsh-lua.3", "docs/man/qsh-lua.3"),
    ])
    func theFileIsUpToDate(kind: String, path: String) async throws {
        let run = try await QshRun("reference", kind).finish()
        let kept = try #require(DocumentFile.text(QshRun.repository.appending(path)))
        let marker = "<!-- From here on made by tools/reference.sh from scripts/meta. -->\n\n"
        let made = kept.firstRange(of: marker).map { String(kept[$0.upperBound...]) } ?? kept

        #expect(made == run.stdout, "run tools/reference.sh: \(path) is out of date")
        #expect(run.status == 0, "\(run.stderr)")
    }

    @Test(.enabled(if: Command.locate("luacheck") != nil, "no luacheck on PATH"))
    func luacheckFindsAMisspeltName() async throws {
        let scratch = try ScratchFolder()
        _ = try scratch.file("a.lua", "qsh.machine.boto {}\nqsh.machine.boot {}\n".utf8)
        TestLoop.start()
        let result = try await CommandRunner.run(
            Command([
                "luacheck", "--no-color", "--config",
                QshRun.repository.appending(".luacheckrc").string,
                scratch.path.appending("a.lua").string,
            ]), until: .after(.seconds(20)))
        let text = String(decoding: result.stdout, as: UTF8.self)

        #expect(
            text.contains("a.lua:1:1: accessing undefined field machine.boto of global qsh")
                || text.contains("undefined field"), "\(text)")
        #expect(text.contains("Total: 1 warning"), "\(text)")
    }
}
