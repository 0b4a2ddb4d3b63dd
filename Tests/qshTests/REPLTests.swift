import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// The REPL in a terminal of its own, which is its controlling one, so that Ctrl-C is a signal.
@LoopActor
private final class Prompt {
    let terminal: TestTerminal
    private let scratch: ScratchFolder
    private var seen = 0
    private var status: Int32?
    private let ended = Broadcast()

    init(_ environment: [String: String?] = [:], state: FilePath? = nil) async throws {
        let terminal = try TestTerminal()
        let scratch = try ScratchFolder()
        self.terminal = terminal
        self.scratch = scratch
        var variables: [String: String?] = [
            "QSH": QshRun.binary.string, "PTS": terminal.path, "NO_COLOR": "1", "TERM": "xterm",
            "XDG_STATE_HOME": (state ?? scratch.path).string, "HOME": scratch.path.string,
        ]
        variables.merge(environment) { $1 }
        let command = Command(
            ["sh", "-c", #"exec setsid -c -w "$QSH" < "$PTS" > "$PTS" 2>&1"#],
            environment: variables, workingDirectory: scratch.path)
        LoopActor.task {
            let result = try? await CommandRunner.run(command, until: .after(.seconds(60)))
            self.status = result.map { QshRun.Outcome($0).status } ?? -1
            self.ended.notify()
        }
        try await shows("qsh> ")
    }

    var history: String {
        get throws {
            try String(contentsOf: scratch.path.appending("qsh/history"))
        }
    }

    func type(_ text: String) { terminal.type(text) }

    /// Waits until the terminal shows the text after what was waited for last.
    func shows(_ text: String, _ location: SourceLocation = #_sourceLocation) async throws {
        let deadline = Deadline.after(.seconds(6))
        while true {
            // The brackets of a paste are switched off and on around each input.
            let shown = terminal.text.replacing("\u{1B}[?2004l", with: "")
                .replacing("\u{1B}[?2004h", with: "")
                // What makes the prompt start a row.
                .replacing(String(repeating: " ", count: 80) + "\r\u{1B}[K", with: "")
            let bytes = Array(shown.utf8).dropFirst(seen)
            if let range = bytes.firstRange(of: Array(text.utf8)) {
                seen = range.upperBound
                return
            }
            let count = terminal.shown.count
            if deadline.hasPassed || status != nil {
                Issue.record(
                    "no `\(text)` in:\n\(String(decoding: bytes, as: UTF8.self))",
                    sourceLocation: location)
                throw CancellationError()
            }
            _ = try await terminal.waitToShowMore(than: count)
        }
    }

    func exitStatus() async throws -> Int32? {
        _ = try await ended.wait(until: .after(.seconds(6))) { self.status != nil }
        return status
    }
}

extension String {
    fileprivate init(contentsOf path: FilePath) throws {
        let descriptor = try FileDescriptor.open(path, .readOnly)
        defer { try? descriptor.close() }
        var bytes = [UInt8](repeating: 0, count: 64 * 1024)
        let count = try bytes.withUnsafeMutableBytes { try descriptor.read(into: $0) }
        self.init(decoding: bytes.prefix(count), as: UTF8.self)
    }
}

@Suite struct REPLTests {
    init() { TestLoop.start() }

    @LoopActor
    @Test func showsResultsAndRemembersThem() async throws {
        let prompt = try await Prompt()

        prompt.type("6 * 7\r")
        try await prompt.shows("\n42\r\n")
        prompt.type("{ _, 'x', b = { 'q\\0' }, a = _1 }\r")
        try await prompt.shows(#"{ 42, "x", a = 42, b = { "q\x00" } }"#)
        prompt.type("x = 1\r")
        try await prompt.shows("x = 1\r\nqsh> ")
        prompt.type("\u{4}")

        #expect(try await prompt.exitStatus() == 0)
        #expect(prompt.terminal.isCooked)
    }

    @LoopActor
    @Test func continuesAStatementAndKeepsLocals() async throws {
        let prompt = try await Prompt()

        prompt.type("local function twice(x)\r")
        prompt.type("return 2 * x\rend\r")
        try await prompt.shows("`local` at the prompt makes a global")
        prompt.type("twice(21)\r")
        try await prompt.shows("\n42\r\n")
        prompt.type("local m <close> = nil\r")
        try await prompt.shows("`m` is a global here and not closed by itself")
        prompt.type("\u{4}")

        #expect(try await prompt.exitStatus() == 0)
        #expect(
            try prompt.history.hasPrefix(
                #"local function twice(x)\nreturn 2 * x\nend"# + "\ntwice(21)\n"))
    }

    @LoopActor
    @Test func anErrorNamesItsLineAndTheSessionGoesOn() async throws {
        let prompt = try await Prompt()

        prompt.type("error('boo')\r")
        try await prompt.shows("error: boo\r\n  at repl:1\r\n    1 | error('boo')\r\n")
        prompt.type("1 +* 2\r")
        try await prompt.shows("error: syntax error: ")
        prompt.type("'still ' .. 'here'\r")
        try await prompt.shows("\nstill here\r\n")
        prompt.type("os.exit(5)\r")

        #expect(try await prompt.exitStatus() == 5)
    }

    @LoopActor
    @Test func controlCStopsWhatRunsOrIsTyped() async throws {
        let prompt = try await Prompt()

        prompt.type("x = {\r1,")
        try await prompt.shows("1,")
        prompt.type("\u{3}")
        try await prompt.shows("^C\r\n")
        try await prompt.shows("qsh> ")
        for statement in ["while true do end", "qsh.task.sleep(60)"] {
            prompt.type("io.write('run', 'ning\\n') \(statement)\r")
            try await prompt.shows("running\r\n")
            prompt.type("\u{3}")
            try await prompt.shows("error: interrupted")
            try await prompt.shows("qsh> ")
        }
        prompt.type("7 * 6\r")
        try await prompt.shows("\n42\r\n")
        prompt.type("\u{4}")

        #expect(try await prompt.exitStatus() == 0)
    }

    @LoopActor
    @Test func tabCompletesWithoutRunningMetamethods() async throws {
        let prompt = try await Prompt()

        prompt.type("t = setmetatable({}, { __index = function() print('r' .. 'an') end })\r")
        try await prompt.shows("qsh> ")
        prompt.type("t.field.x\t\u{3}")
        try await prompt.shows("^C")
        prompt.type("qsh.machine.b\t")
        try await prompt.shows("oot(")
        prompt.type("\u{3}")
        try await prompt.shows("^C")
        prompt.type("string.re\t\t")
        try await prompt.shows("rep(      reverse(")
        prompt.type("\u{3}")
        try await prompt.shows("^C\r\nqsh> ")
        prompt.type("\u{4}")

        #expect(try await prompt.exitStatus() == 0)
        #expect(!prompt.terminal.text.contains("ran"))
    }

    @LoopActor
    @Test func aPasteOfSeveralLinesIsOneInput() async throws {
        let prompt = try await Prompt()

        prompt.type("\u{1B}[200~local a = 20\rif a then\r\tprint('sum', a + 3)\rend\r\u{1B}[201~")
        try await prompt.shows("end")
        #expect(!prompt.terminal.text.contains("sum\t23"))
        prompt.type("\r")
        try await prompt.shows("sum\t23")
        prompt.type("\u{4}")

        #expect(try await prompt.exitStatus() == 0)
        #expect(try prompt.history.split(separator: "\n").count == 1)
    }

    @LoopActor
    @Test func historyIsRecalledAndSearched() async throws {
        let state = try ScratchFolder()
        let first = try await Prompt(state: state.path)
        first.type("'first' .. 'entry'\r")
        try await first.shows("\nfirstentry\r\n")
        first.type("1\r\u{4}")
        _ = try await first.exitStatus()

        let second = try await Prompt(state: state.path)
        second.type("\u{12}first\r\r")
        try await second.shows("\nfirstentry\r\n")
        second.type("\u{4}")

        #expect(try await second.exitStatus() == 0)
    }

    @LoopActor
    @Test func outputOfTasksGoesAboveTheLine() async throws {
        let prompt = try await Prompt()

        prompt.type("function go() qsh.task.sleep(0.2) print('from the ' .. 'task') end\r")
        try await prompt.shows("qsh> ")
        prompt.type("local t = qsh.task.spawn(go)\r")
        try await prompt.shows("qsh> ")
        prompt.type("'ty' .. 'ped'")
        try await prompt.shows("\r\u{1B}[Jfrom the task\r\n")
        try await prompt.shows("qsh> 'ty' .. 'ped'")
        prompt.type("\r")
        try await prompt.shows("\ntyped\r\n")
        prompt.type("\u{4}")

        #expect(try await prompt.exitStatus() == 0)
    }

    @LoopActor
    @Test(arguments: [SIGTERM, SIGHUP])
    func aRequestToEndEndsTheSession(signal: Int32) async throws {
        let prompt = try await Prompt()

        prompt.type("'pid=' .. io.open('/proc/self/stat'):read('n') .. ';'\r")
        try await prompt.shows("\npid=")
        try await prompt.shows("qsh> ")
        let number = prompt.terminal.text.split(separator: "pid=").last?.prefix { $0 != ";" }
        let pid = try #require(number.flatMap { Int32($0) })
        kill(pid, signal)

        #expect(try await prompt.exitStatus() == 130)
        #expect(prompt.terminal.isCooked)
    }

    /// Neither a hook nor a cancelled wait reaches a search in C.
    @LoopActor
    @Test func aSecondControlCAlwaysGetsOut() async throws {
        let prompt = try await Prompt()

        prompt.type("io.write('run', 'ning\\n'); ('a'):rep(60):find(('a-'):rep(30) .. 'b')\r")
        try await prompt.shows("running\r\n")
        prompt.type("\u{3}")
        _ = try await Broadcast().wait(until: .after(.milliseconds(300))) { false }
        prompt.type("\u{3}")

        #expect(try await prompt.exitStatus() == 130)
        #expect(prompt.terminal.isCooked)
    }

    /// What was interrupted, a wait or a loop, unwinds although another task has begun to loop
    /// meanwhile.
    @LoopActor
    @Test(arguments: ["qsh.task.sleep(60)", "while true do end"])
    func aLoopThatBeginsAfterControlCIsStopped(interrupted: String) async throws {
        let prompt = try await Prompt()

        prompt.type("function loop() qsh.task.sleep(0.3) while true do end end\r")
        try await prompt.shows("qsh> ")
        prompt.type(
            "do local slow <close> = setmetatable({}, { __close = function() qsh.task.sleep(0.6) "
                + "end }) qsh.task.spawn(loop) qsh.task.sleep(0) io.write('run', 'ning\\n') "
                + "\(interrupted) end\r")
        try await prompt.shows("running\r\n")
        prompt.type("\u{3}")

        try await prompt.shows("error: interrupted")
        try await prompt.shows("qsh> ")
        prompt.type("'still ' .. 'here'\r")
        try await prompt.shows("\nstill here\r\n")
        prompt.type("\u{4}")
        #expect(try await prompt.exitStatus() == 0)
    }

    @LoopActor
    @Test(.enabled(if: Command.locate("qemu-system-x86_64") != nil, "no qemu-system-x86_64"))
    func controlCLeavesTheMachineAlive() async throws {
        let prompt = try await Prompt()

        prompt.type("local m <close> = qsh.machine.boot { name = 'vm0' }\r")
        try await prompt.shows("qsh> ")
        prompt.type("m.console:expect('never')\r")
        _ = try await Broadcast().wait(until: .after(.milliseconds(300))) { false }
        prompt.type("\u{3}")
        try await prompt.shows("error: interrupted")
        prompt.type("m.running\r")
        try await prompt.shows("\ntrue\r\n")
        prompt.type("\u{4}")
        try await prompt.shows("qsh: closing `m`: qsh.machine `vm0` (pid ")

        #expect(try await prompt.exitStatus() == 0)
    }

    @LoopActor
    @Test func whatTakesLongIsTimed() async throws {
        let prompt = try await Prompt()

        prompt.type("qsh.task.sleep(1.1)\r")
        try await prompt.shows("\n(1.")
        prompt.type("\u{4}")

        #expect(try await prompt.exitStatus() == 0)
    }

    @LoopActor
    @Test func whatSucceededIsSavedAsARecipe() async throws {
        let state = try ScratchFolder()
        let path = state.path.appending("saved.lua")
        let prompt = try await Prompt()

        for line in ["local x = 20", "x + 1", "print(_ + 1)", "error('no')", "x", "?qsh.now"] {
            prompt.type(line + "\r")
            try await prompt.shows("qsh> ")
        }
        prompt.type(":save \(path)\r")
        try await prompt.shows("\nsaved: ")
        prompt.type(":save \(path)\r")
        try await prompt.shows("exists\r\n  hint: `:save! ")
        prompt.type(":sav x\r")
        try await prompt.shows("error: `:sav` is not known here\r\n  hint: did you mean `:save`?")
        prompt.type("\u{4}")
        _ = try await prompt.exitStatus()

        let saved = try String(contentsOf: path)
        #expect(
            saved == """
                -- Saved from the prompt of qsh.
                local x = 20
                _ = x + 1
                print(_ + 1)
                print(x)

                """)
        let run = try await QshRun([path.string]).finish()
        #expect(run.stdout == "22\n20\n")
    }

    @LoopActor
    @Test func twoPromptsKeepEachOthersHistory() async throws {
        let state = try ScratchFolder()
        let first = try await Prompt(state: state.path)
        let second = try await Prompt(state: state.path)
        for number in 1...5 {
            first.type("'a\(number)'\r")
            second.type("'b\(number)'\r")
            try await first.shows("\na\(number)\r\n")
            try await second.shows("\nb\(number)\r\n")
        }
        first.type("\u{4}")
        second.type("\u{4}")
        _ = try await first.exitStatus()
        _ = try await second.exitStatus()

        let entries = try String(contentsOf: state.path.appending("qsh/history"))
            .split(separator: "\n").map(String.init)
        let wanted = (1...5).flatMap { ["'a\($0)'", "'b\($0)'"] }
        #expect(entries.sorted() == wanted.sorted())
    }

    @LoopActor
    @Test func aDumbTerminalGetsNoEscapes() async throws {
        let prompt = try await Prompt(["TERM": "dumb", "LC_ALL": "C"])

        prompt.type("'é' .. 'ü'\r")
        try await prompt.shows("\néü\r\n")
        prompt.type("\u{4}")

        #expect(try await prompt.exitStatus() == 0)
        #expect(!prompt.terminal.text.contains("\u{1B}"))
    }

    @LoopActor
    @Test func withoutATerminalResultsArePlainAndAnErrorEnds() async throws {
        let input = "1 + 1\nlocal t = {\n 'a' }\nt\nerror('no')\nprint('never')\n"
        let run = try await QshRun().with { $0.stdin = input }.finish()
        let cut = try await QshRun().with { $0.stdin = "f(" }.finish()

        #expect(run.stdout == "2\n{ \"a\" }\n")
        #expect(run.stderr == "error: no\n  at stdin:5\n")
        #expect(run.status == 1)
        #expect(cut.stderr.hasPrefix("error: syntax error: "))
        #expect(cut.status == 2)
    }
}
