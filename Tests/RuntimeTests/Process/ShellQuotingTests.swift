import QshRuntime
import SystemPackage
import TestSupport
import Testing

@Suite struct ShellQuotingTests {
    init() { TestLoop.start() }

    @Test(arguments: [
        ("plain", "plain"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#),
        ("$HOME", "'$HOME'"), ("console=ttyS0", "console=ttyS0"), ("a\nb", "'a\nb'"),
        ("é", "'é'"), ("a\u{1b}[m", #"'a'"$(printf '\033')"'[m'"#), ("~", "'~'"), ("#", "'#'"),
    ])
    func quotesAWord(word: String, quoted: String) {
        #expect(Command.shellQuoted(word) == quoted)
    }

    @Test func wholeLineHasFolderAndVariables() {
        let command = Command(
            ["make", "-j2"], environment: ["ARCH": "x86_64", "MAKEFLAGS": nil, "T": "a b"],
            workingDirectory: "/usr/src/linux 6.1")

        #expect(
            command.shellQuoted
                == "cd '/usr/src/linux 6.1' && env ARCH=x86_64 -u MAKEFLAGS 'T=a b' make -j2")
    }

    @Test func aFirstWordWithAnEqualsSignIsNoAssignment() {
        #expect(Command(["a=b", "c"]).shellQuoted == "env a=b c")
    }

    @Test(arguments: ["sh", "bash"])
    @LoopActor func aShellGivesEveryByteBack(shell: String) async throws {
        let all = (UInt8(1)...255).map(\.self)
        let words: [[UInt8]] = [all, all.reversed(), [10], [10, 10], [27, 10], [0xff], [32], []]
        let line = "printf '%s|' " + words.map { Command.shellQuoted($0) }.joined(separator: " ")

        let result = try await CommandRunner.run(
            Command([shell, "-c", line], environment: ["LC_ALL": "C"]),
            until: .after(.seconds(20)))

        #expect(result.stdout == words.flatMap { $0 + [UInt8(ascii: "|")] })
    }
}
