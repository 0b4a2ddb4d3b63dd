import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite(.serialized) struct CassetteTests {
    init() { TestLoop.start() }

    private static let folder = QshRun.repository.appending("Tests/Fixtures/cassettes")
    private static let cassette = folder.appending("sum.cast").string

    /// Runs the recorded recipe, changed, on a host where no program can be found.
    private func replay(
        _ old: String = "", _ new: String = "", options: [String] = [], more: String = ""
    ) async throws -> QshRun.Outcome {
        let text = try #require(DocumentFile.text(Self.folder.appending("sum.lua")))
        return try await QshRun(
            ["-q"] + options + ["--replay", Self.cassette, "recipe.lua", "no-kernel", "no-root"]
        ).with {
            $0.files["recipe.lua"] = (old.isEmpty ? text : text.replacing(old, with: new)) + more
            $0.environment["PATH"] = "/nowhere"
        }.finish()
    }

    @Test func aRecipeRunsAgainstACassetteWithoutQEMU() async throws {
        let run = try await replay()

        #expect(run.stdout == "42\nx86_64\n\nok\n")
        #expect(run.stderr == "")
        #expect(run.status == 0)
    }

    @Test(arguments: [
        (
            "20 + 22", "20 + 23", 5,
            "the recipe types `echo sum=$((20 + 23)); uname -m` where the cassette has "
                + "`echo sum=$((20 + 22)); uname -m`"
        ),
        (
            "sum=(", "sun=(", 5,
            #"the recipe does `expect ["sun=(%d+)\n"]` where the cassette has "#
                + #"`expect ["sum=(%d+)\n"]`"#
        ),
    ])
    func theFirstDifferenceIsNamed(old: String, new: String, line: Int, message: String)
        async throws
    {
        let run = try await replay(old, new)

        let lines = run.stderr.split(separator: "\n")
        #expect(lines.first?.hasPrefix("error: replay: " + message + " (machine 1, ") == true)
        #expect(lines.dropFirst().first == "  at recipe.lua:\(line)", "\(run.stderr)")
        #expect(
            lines.last == "  hint: record it again with `qsh --record`, or correct the recipe",
            "\(run.stderr)")
        #expect(run.status == 1)
    }

    @Test func oneMachineMoreThanWasRecordedIsRefused() async throws {
        let run = try await replay(more: "qsh.machine.boot { kernel = 'k' }")

        #expect(
            run.stderr.hasPrefix(
                "error: cassette `\(Self.cassette)`: the recipe starts one machine more than the "
                    + "1 it holds\n"), "\(run.stderr)")
        #expect(run.status == 1)
    }

    @Test func everyLineIsAnAsciicast() throws {
        let text = try #require(DocumentFile.text(FilePath(Self.cassette)))
        let lines = text.split(separator: "\n")
        let header = JSONValue(parsing: lines[0].utf8)
        var last = 0.0
        for line in lines.dropFirst() {
            guard case .array(let fields)? = JSONValue(parsing: line.utf8), fields.count == 3,
                case .number(let time) = fields[0], fields[1].text != nil, fields[2].text != nil
            else {
                Issue.record("no event: \(line)")
                continue
            }
            #expect(time >= last)
            last = time
        }

        #expect(header?["version"] == .integer(2))
        #expect(header?["width"]?.integer != nil && header?["height"]?.integer != nil)
    }

    @Test(arguments: [
        ("", "it is none: the first line has no `\"qsh\": {\"cassette\": …}`"),
        (#"{"version": 2, "width": 80, "height": 24}"#, "it is none: the first line has no"),
        (#"{"version": 2, "qsh": {"cassette": 9}}"#, "expected version 1, got 9"),
        ("{\"version\": 2, \"qsh\": {\"cassette\": 1}}\n[1, 2]", "line 2 is no event"),
    ])
    func whatIsNoCassetteIsRefused(text: String, message: String) async throws {
        let run = try await QshRun("--replay", "bad.cast", "-e", "print(1)").with {
            $0.files["bad.cast"] = text
        }.finish()

        #expect(run.stderr.hasPrefix("error: cassette `bad.cast`: \(message)"), "\(run.stderr)")
        #expect(run.status == 2)
    }

    @Test func optionsThatExcludeEachOtherAreRefused() async throws {
        let both = try await QshRun("--record", "a", "--replay", "b", "-e", "").finish()
        let alone = try await QshRun("--real-time", "-e", "").finish()

        #expect(both.stderr.hasPrefix("error: --record and --replay exclude each other\n"))
        #expect(alone.stderr.hasPrefix("error: --real-time needs --replay\n"))
    }

    @Test(arguments: [
        CassetteEvent.Content.output(.console, Array("a\r\n\u{1B}[6n".utf8)),
        .output(.console, [0, 0xFF, 0xC3]), .input(.console, Array("ü€\u{7F}".utf8)),
        .input(.console, [0xC3]), .output(.qmp, Array(#"{"a": "\"}"#.utf8)),
        .output(.agent, [1, 2, 3]), .output(.words, Array("qemu: no".utf8)), .ended(-9), .ended(0),
        .decision(#"expect ["a b"]"#),
        .boot(CassetteBoot(command: "qemu 'a b'", accelerator: .tcg, hasAgent: true)),
    ])
    func eventsAreReadAsTheyWereWritten(content: CassetteEvent.Content) throws {
        for machine in [1, 2, 12] {
            let event = CassetteEvent(time: .milliseconds(1500), machine: machine, content: content)
            let line = try #require(event.lines.first)
            #expect(CassetteEvent(line[...]) == event)
        }
    }

    /// Two machines, one with an agent, one that is killed: what the replay prints is the same.
    @Test(.enabled(if: Command.locate("qemu-system-x86_64") != nil, "no qemu-system-x86_64"))
    func whatWasRecordedIsReplayed() async throws {
        let scratch = try ScratchFolder()
        let recipe = """
            local root = qsh.initramfs.new { busybox = true }
            local options = { kernel = qsh.kernel.find(), initramfs = root, accel = "tcg" }
            local first <close> = qsh.machine.boot(options)
            options.agent = false
            local second <close> = qsh.machine.boot(options)
            first.console:expect("[rootfs ]#")
            second.console:expect("[rootfs ]#")
            local run = first:execute("cat; echo bad >&2; exit 3", { stdin = "given\\0" })
            print(run.code, (run.stdout:gsub("%c", "?")), run.stderr)
            print(second:execute("echo $((6 * 7))").stdout, second.accel)
            print(#first.dmesg > 50, first:shutdown())
            second.console:sendline("echo c >/proc/sysrq-trigger")
            local _, err = second.console:try_expect("never")
            print(err.kind, err)
            for _, phase in ipairs(first:timeline()) do io.write(phase.phase, " ") end
            """
        _ = try scratch.file("recipe.lua", recipe.utf8)
        let record = try await QshRun("-q", "--record", "run.cast", "recipe.lua").with {
            $0.folder = scratch.path
        }.finish()
        let replay = try await QshRun("-q", "--replay", "run.cast", "recipe.lua").with {
            $0.folder = scratch.path
        }.finish()

        #expect(record.status == 0, "\(record.stderr)")
        #expect(
            record.stdout.hasPrefix("3\tgiven?\tbad\n\n42\n\ttcg\ntrue\tok\npanic\t"),
            "\(record.stdout)")
        #expect(record.stdout.hasSuffix("firmware kernel init prompt "), "\(record.stdout)")
        #expect(replay.stdout == record.stdout, "\(replay.stderr)")
        #expect(replay.status == 0)
    }
}
