import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// `qsh triage` from outside, on every recorded console.
@Suite struct TriageTests {
    struct Event: Codable, Equatable {
        var line: Int
        var kind: String
        var severity: String
        var detail: String
    }

    private static let transcripts = QshRun.repository.appending("Tests/Fixtures/transcripts")

    static let expected: [String: [Event]] = {
        let text = DocumentFile.text(transcripts.appending("expected.json")) ?? ""
        return (try? JSONDecoder().decode([String: [Event]].self, from: Data(text.utf8))) ?? [:]
    }()

    @Test func everyTranscriptIsThere() { #expect(Self.expected.count == 31) }

    @Test(arguments: expected.keys.sorted())
    func theBinaryFindsTheEvents(name: String) async throws {
        let run = try await QshRun(
            "triage", Self.transcripts.appending(name).string, "--json"
        ).finish()

        let found = try JSONDecoder().decode([Event].self, from: Data(run.stdout.utf8))
        let isCrash = Self.expected[name]?.contains { ["oops", "fatal"].contains($0.severity) }
        #expect(found == Self.expected[name])
        #expect(run.status == (isCrash == true ? 3 : 0))
        #expect(run.stderr == "")
    }

    @Test func aCleanBootIsAnEmptyList() async throws {
        let path = Self.transcripts.appending("arm64-debian-clean-boot.txt").string

        let json = try await QshRun("triage", "--json", path).finish()
        let text = try await QshRun("triage", path).finish()

        #expect(json.stdout == "[]\n")
        #expect(json.status == 0)
        #expect(text.stdout.hasPrefix("\(path): no trouble in "))
        #expect(text.status == 0)
    }

    @Test func theTextHasEachReportWhole() async throws {
        let path = Self.transcripts.appending("x86_64-debian-6.1.176-cloud-warn.txt").string

        let run = try await QshRun("triage", path).finish()

        let lines = run.stdout.split(separator: "\n").map(String.init)
        #expect(run.status == 0)
        #expect(lines.first?.hasPrefix("\(path):346: warning: ") == true)
        #expect(lines[1].hasSuffix("------------[ cut here ]------------"))
        #expect(lines.dropLast().last?.hasSuffix("---[ end trace 0000000000000000 ]---") == true)
        #expect(lines.last?.hasSuffix(" (again)") == true)
    }

    @Test func standardInputIsRead() async throws {
        let run = try await QshRun("triage", "-").with {
            $0.stdin = "[    1.000000] Oops [#1]\r\n"
        }.finish()

        #expect(run.stdout == "stdin:1: oops: Oops [#1]\n  [    1.000000] Oops [#1]\n")
        #expect(run.status == 3)
    }

    @Test func badInputIsToldInOneSentence() async throws {
        let missing = try await QshRun("triage", "nope.txt").finish()
        let folder = try await QshRun("triage", "/").finish()

        #expect(missing.stderr == "error: cannot read log `nope.txt`: no such file or directory\n")
        #expect(missing.status == 2)
        #expect(folder.stderr == "error: cannot read log `/`: it is a folder\n")
    }

    /// A program stands in for the kernel: what is read of it is the same.
    private static let kernel = """
        const char linux_banner[] = "Linux version 6.1.0 (a@b) #1 SMP\\n";
        static inline __attribute__((always_inline)) int inner(int x) {
          return *(volatile int *)0 + x;
        }
        __attribute__((noinline)) int q_probe(int x) { return inner(x) * 2; }
        __attribute__((noinline)) int q_caller(int x) {
          int y = q_probe(x);
          return y + 1;
        }
        int main(int count, char **words) { return q_caller(count); }
        """

    private static let canCompile =
        Command.locate("cc") != nil && Command.locate("nm") != nil
        && (Command.locate("addr2line") ?? Command.locate("llvm-symbolizer")) != nil

    /// A log in which `q_caller` calls `q_probe`, with the true sizes, and its kernel.
    private func decodable(version: String) async throws -> (ScratchFolder, String) {
        let folder = try ScratchFolder()
        _ = try folder.file("init.c", Self.kernel.utf8)
        let built = try await QshRun.shell(
            "cd '\(folder.path)' && cc -g -O1 -Wl,--build-id init.c -o vmlinux && nm -S vmlinux")
        try #require(built.status == 0, "\(built.stderr)")
        let sizes = built.stdout.split(separator: "\n").reduce(into: [String: String]()) {
            let words = $1.split(separator: " ")
            if words.count == 4 { $0[String(words[3])] = String(words[1]) }
        }
        let log = """
            [    0.000000] Linux version \(version) (a@b) #1 SMP
            [    1.000000] Oops: 0000 [#1] SMP
            [    1.000001] RIP: 0010:q_probe+0x0/0x\(sizes["q_probe"] ?? "")
            [    1.000002]  q_caller+0x5/0x\(sizes["q_caller"] ?? "")
            [    1.000003]  q_init+0x5/0x10 [module]
            [    1.000004] ---[ end trace 0000000000000000 ]---
            """
        return (folder, log)
    }

    @Test(.enabled(if: canCompile, "no C compiler, nm or addr2line"))
    func placesGetTheirSourceLines() async throws {
        let (folder, log) = try await decodable(version: "6.1.0")

        let run = try await QshRun("triage", "--vmlinux", "vmlinux", "-").with {
            $0.folder = folder.path
            $0.stdin = log
        }.finish()

        let lines = run.stdout.split(separator: "\n")
        #expect(run.status == 3, "\(run.stderr)")
        #expect(lines.contains { $0.contains("q_probe+0x0/") && $0.contains("init.c:5)") })
        #expect(lines.contains { $0.contains("q_caller+0x5/") && $0.contains("init.c:7)") })
        #expect(lines.contains { $0.hasSuffix("q_init+0x5/0x10 [module]") })
        #expect(run.stderr == "qsh: vmlinux: 2 of 2 places decoded\n")
    }

    @Test(.enabled(if: canCompile, "no C compiler, nm or addr2line"))
    func anotherBuildIsRefused() async throws {
        let (folder, log) = try await decodable(version: "6.1.1")

        let run = try await QshRun("triage", "--vmlinux", "vmlinux", "-").with {
            $0.folder = folder.path
            $0.stdin = log
        }.finish()

        #expect(
            run.stderr == """
                error: vmlinux `vmlinux`: it is another build than the kernel that crashed
                  note: the file is `Linux version 6.1.0 (a@b) #1 SMP`
                  note: the log is of `Linux version 6.1.1 (a@b) #1 SMP`
                  hint: name the `vmlinux` of the very build

                """)
        #expect(run.status == 2)
    }

    @Test func whatIsNoKernelIsRefused() async throws {
        let run = try await QshRun("triage", "--vmlinux", "text", "-").with {
            $0.files["text"] = "hello"
            $0.stdin = "[    1.000000] Oops [#1]\n"
        }.finish()

        #expect(
            run.stderr == """
                error: vmlinux `text`: expected an ELF file, got something else
                  hint: name the `vmlinux` of the build folder, not the bootable image

                """)
    }
}
