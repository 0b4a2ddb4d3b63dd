import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// The prompt in a real terminal, its screens compared as text.
@Suite(.enabled(if: Command.locate("tmux") != nil, "no tmux on PATH"))
struct PromptScreenTests {
    init() { TestLoop.start() }

    @LoopActor
    private func withPrompt(
        columns: Int = 80, rows: Int = 24, _ environment: [String: String?] = ["NO_COLOR": "1"],
        _ body: (TmuxScreen) async throws -> Void
    ) async throws {
        let screen = try await TmuxScreen(
            columns: columns, rows: rows, #"exec "$QSH" -q"#, environment)
        do {
            try await screen.endsIn("qsh>")
            try await body(screen)
        } catch {
            await screen.close()
            throw error
        }
        await screen.close()
    }

    @LoopActor
    @Test func aBlockIsEditedAndRecalledAsOne() async throws {
        try await withPrompt { screen in
            try await screen.type("for i = 1, 2 do")
            try await screen.press("Enter")
            try await screen.type("  print('rnd', i)")
            try await screen.press("Enter", "Up", "End", "Left", "Left", "Left", "Left", "Left")
            // Into the word, on the line above the cursor's.
            try await screen.press("Left", "Left")
            try await screen.type("ou")
            try await screen.press("Home", "Down", "End")
            try await screen.type("end")
            try await screen.press("Enter")
            try await screen.endsIn(
                "qsh> for i = 1, 2 do\n  print('round', i)\nend\nround\t1\nround\t2\nqsh>"
                    .expandingTabs)
            try await screen.press("Up")
            try await screen.endsIn("qsh> for i = 1, 2 do\n  print('round', i)\nend")
            try await screen.press("Up", "Up", "C-c")
            try await screen.endsIn("^C\nqsh>")
        }
    }

    @LoopActor
    @Test func whatWasTypedComesBackBehindTheNewestEntry() async throws {
        try await withPrompt { screen in
            try await screen.type("a = 1")
            try await screen.press("Enter")
            try await screen.type("a + ")
            try await screen.press("Up")
            try await screen.endsIn("\nqsh> a = 1")
            try await screen.press("Down", "Down", "Down")
            try await screen.type("41")
            try await screen.press("Enter")
            try await screen.endsIn("\nqsh> a + 41\n42\nqsh>")
        }
    }

    @LoopActor
    @Test func aPasteIsOneInputAndNotRun() async throws {
        try await withPrompt { screen in
            try await screen.paste("do\n\tlocal x = 20\n\tprint('sum', x + 3)\nend\n")
            try await screen.endsIn(
                "qsh> do\n\tlocal x = 20\n\tprint('sum', x + 3)\nend".expandingTabs)
            try await screen.press("Enter")
            try await screen.endsIn("end\nsum\t23\nqsh>".expandingTabs)
        }
    }

    @LoopActor
    @Test func thePromptStartsARowWhateverCameBefore() async throws {
        try await withPrompt { screen in
            try await screen.type("io.stderr:write('no end') qsh.task.sleep(0.5)")
            try await screen.press("Enter")
            try await screen.shows("not run") { $0.hasSuffix("no end") }
            try await screen.type("typed .. ahead")
            try await screen.shows("not read") {
                $0.contains("\nno endtyped .. ahead\n") && $0.hasSuffix("\nqsh> typed .. ahead")
            }
            try await screen.press("C-c")
            try await screen.type("do io.write('x') end")
            try await screen.press("Enter")
            try await screen.endsIn("\nqsh> do io.write('x') end\nx\nqsh>")
        }
    }

    @LoopActor
    @Test func theHistoryIsSearchedAsOneTypes() async throws {
        try await withPrompt { screen in
            for input in ["'first' .. 1", "'second' .. 2"] {
                try await screen.type(input)
                try await screen.press("Enter")
            }
            try await screen.endsIn("second2\nqsh>")
            try await screen.press("C-r")
            try await screen.type("fir")
            try await screen.endsIn("qsh> 'first' .. 1\nbck:fir")
            try await screen.press("Enter")
            try await screen.endsIn("first1\nqsh>")
        }
    }

    @LoopActor
    @Test func tabKnowsOptionsValuesFilesAndMethods() async throws {
        try await withPrompt(columns: 120) { screen in
            try await screen.type("qsh.machine.boot { mem")
            try await screen.press("Tab")
            try await screen.endsIn("qsh> qsh.machine.boot { memory =")
            try await screen.type("'1G', smp = { thr")
            try await screen.press("Tab")
            try await screen.endsIn("{ memory = '1G', smp = { threads =")
            try await screen.type("1 }, accel = \"t")
            try await screen.press("Tab")
            try await screen.endsIn(", accel = \"tcg\"")
            try await screen.type(", memo")
            try await screen.press("Tab")
            try await screen.endsIn(", memo")
            try await screen.press("C-c")
            try await screen.type("root = qsh.initramfs.new()")
            try await screen.press("Enter")
            try await screen.type("root:symlink('/a', 'b', { ui")
            try await screen.press("Tab")
            try await screen.endsIn("{ uid =")
            try await screen.press("C-c")
            _ = try screen.scratch.file("some file.lua", "".utf8)
            try await screen.type("f = '\(screen.scratch.path)/some")
            try await screen.press("Tab")
            try await screen.shows("no file") {
                $0.replacing("\n", with: "").hasSuffix(
                    "/some file.lua'")
            }
        }
    }

    @LoopActor
    @Test func helpComesFromTheDescription() async throws {
        try await withPrompt(rows: 60) { screen in
            try await screen.type("root = qsh.initramfs.new()")
            try await screen.press("Enter")
            try await screen.type("?root:symlink")
            try await screen.press("Enter")
            let expected = """
                qsh> ?root:symlink
                qsh.initramfs:symlink(path, target, options?) -> qsh.initramfs
                  Adds a symbolic link; the target is not looked at.
                options
                  uid  integer  owner (default 0)
                  gid  integer  group (default 0)
                qsh>
                """
            try await screen.endsIn(expected)
            try await screen.type("help(root.symlink)")
            try await screen.press("Enter")
            try await screen.shows("no answer") {
                $0.hasSuffix("\nqsh>") && $0.split(separator: "Adds a symbolic link").count == 3
            }
            try await screen.type("?symlnk")
            try await screen.press("Enter")
            try await screen.shows("no guess") {
                $0.contains("nothing is known about `symlnk`; did you mean one of these?")
            }
        }
    }

    @LoopActor
    @Test(arguments: [(300, 100), (80, 24), (40, 10)])
    func outputAboveLeavesTheLineAlone(columns: Int, rows: Int) async throws {
        try await withPrompt(columns: columns, rows: rows) { screen in
            try await screen.type(
                "t = qsh.task.spawn(function() qsh.task.sleep(0.5) print('o' .. 'ne') "
                    + "qsh.task.sleep(0.4) print('t' .. 'wo') end)")
            try await screen.press("Enter")
            try await screen.endsIn("\nqsh>")
            let line = "x = '" + String(repeating: "wide 漢字 ", count: 6)
            try await screen.type(line)
            try await screen.press("Left", "Left", "Left")
            let shown = try await screen.shows("no output") { $0.contains("two") }
            // The last rows are the line as it was typed, whatever the width broke it into.
            #expect(shown.contains("one\ntwo\nqsh> x = 'wide"))
            let rest = shown.split(separator: "two\n").last ?? ""
            #expect(
                rest.replacing("\n", with: "").filter { $0 != " " }
                    == ("qsh> " + line).filter { $0 != " " })
            try await screen.press("C-e")
            try await screen.type("'")
            try await screen.press("Enter")
            try await screen.type("#x")
            try await screen.press("Enter")
            try await screen.endsIn("qsh> #x\n\(line.utf8.count - 5)\nqsh>")
        }
    }

    @LoopActor
    @Test func aResizedWindowKeepsTheLine() async throws {
        try await withPrompt(columns: 100, rows: 30) { screen in
            try await screen.type("x = '" + String(repeating: "0123456789", count: 12))
            try await screen.shows("not typed") { $0.hasSuffix("789") }
            try await screen.resize(columns: 40, rows: 10)
            try await screen.type("a")
            try await screen.shows("not narrow") { $0.hasSuffix("789a") }
            try await screen.resize(columns: 120, rows: 40)
            try await screen.type("b'")
            try await screen.press("Enter")
            try await screen.type("#x")
            try await screen.press("Enter")
            try await screen.endsIn("qsh> #x\n122\nqsh>")
        }
    }

    @LoopActor
    @Test func coloursAndSuggestionsAreOnlyShown() async throws {
        try await withPrompt([:]) { screen in
            try await screen.type("print('a' .. 1)")
            try await screen.press("Enter")
            try await screen.endsIn("a1\nqsh>")
            try await screen.type("if true then pri")
            try await screen.shows("no colour", colours: true) {
                $0.contains("\u{1B}[1m\u{1B}[34mif") || $0.contains("\u{1B}[34m\u{1B}[1mif")
                    || $0.contains("\u{1B}[1;34mif") || $0.contains("\u{1B}[34;1mif")
            }
            try await screen.press("C-c")
            try await screen.type("pri")
            try await screen.endsIn("qsh> print('a' .. 1)")
            try await screen.press("C-c")
            // It was no part of the line.
            try await screen.endsIn("qsh> pri^C\nqsh>")
            try await screen.type("pri")
            try await screen.endsIn("qsh> print('a' .. 1)")
            try await screen.press("Right", "Enter")
            try await screen.endsIn("print('a' .. 1)\na1\nqsh>")
        }
    }

    @LoopActor
    @Test(.enabled(if: Command.locate("qemu-system-x86_64") != nil, "no qemu-system-x86_64"))
    func machinesPrintAboveTheLineAndAreSilenced() async throws {
        let cache = getenv("HOME").map { String(cString: $0) + "/.cache" }
        try await withPrompt(columns: 120, ["NO_COLOR": "1", "XDG_CACHE_HOME": cache]) { screen in
            try await screen.type(
                "m = qsh.machine.boot { name = 'vm0', accel = 'tcg', kernel = qsh.kernel.find(), "
                    + "initramfs = qsh.initramfs.new { busybox = true } }")
            try await screen.press("Enter")
            try await screen.shows("no prompt", limit: .seconds(60)) {
                $0.contains("vm0| ") && $0.hasSuffix("\nqsh>")
            }
            try await screen.type("x = 'half typed")
            try await screen.shows("no shell", limit: .seconds(120)) {
                $0.hasSuffix("vm0| [rootfs ]#\nqsh> x = 'half typed")
            }
            try await screen.type("' m.console:sendline('yes flood')")
            try await screen.press("Enter")
            try await screen.shows("no flood", limit: .seconds(20)) {
                $0.contains("lines left out (all are in ") && $0.hasSuffix("flood\nqsh>")
            }
            try await screen.type(":quiet v")
            try await screen.press("Tab", "Enter")
            try await screen.type("m")
            try await screen.press("Enter")
            try await screen.shows("no description", limit: .seconds(20)) {
                $0.contains("\nqsh> m\nqsh.machine `vm0` (pid ") && $0.hasSuffix("\nqsh>")
            }
        }
    }

    @LoopActor
    @Test func aBreakpointOpensInTheTerminal() async throws {
        let recipe =
            "local n = 5\nqsh.repl()\nprint('n is ' .. n)\n"
            + "qsh.task.sleep(0.2) print('now') qsh.task.sleep(60)\n"
        let screen = try await TmuxScreen(
            #"cd "$HOME"; sleep 0.1; exec "$QSH" -q stop.lua"#, ["NO_COLOR": "1"])
        do {
            _ = try screen.scratch.file("stop.lua", recipe.utf8)
            try await screen.endsIn(
                """
                breakpoint at stop.lua:2
                    2 | qsh.repl()
                  n = 5
                Ctrl-D goes on, os.exit() ends the recipe
                qsh>
                """)
            // Gives up the line, not the recipe.
            try await screen.type("n = 7")
            try await screen.press("C-c")
            try await screen.endsIn("qsh> n = 7^C\nqsh>")
            try await screen.type("n = n + 1")
            try await screen.press("Enter")
            try await screen.type("qsh.task.sleep(60)")
            try await screen.press("Enter")
            try await screen.shows("not run") { $0.hasSuffix("sleep(60)") }
            try await screen.press("C-c")
            try await screen.shows("not stopped") {
                $0.contains("error: interrupted") && $0.hasSuffix("\nqsh>")
            }
            try await screen.press("C-d")
            // Soon after the one above, but of something else: it stops, and does not get out.
            try await screen.endsIn("n is 6\nnow")
            try await screen.press("C-c")
            try await screen.shows("not ended") { $0.contains("at stop.lua:4") }
        } catch {
            await screen.close()
            throw error
        }
        await screen.close()
    }

    @LoopActor
    @Test func aBreakpointOpensBelowThePrompt() async throws {
        try await withPrompt { screen in
            try await screen.type("function f(n) qsh.repl() return n end")
            try await screen.press("Enter")
            try await screen.type("f(1)")
            try await screen.press("Enter")
            try await screen.shows("no breakpoint") {
                $0.contains("breakpoint at repl:1") && $0.hasSuffix("\nqsh>")
            }
            try await screen.type("n = 'changed'")
            try await screen.press("Enter", "C-d")
            try await screen.endsIn("\nchanged\nqsh>")
            try await screen.type("t = qsh.task.spawn(function() qsh.task.sleep(0.1) f(2) end)")
            try await screen.press("Enter")
            _ = try await Broadcast().wait(until: .after(.milliseconds(500))) { false }
            try await screen.type("6 * 7")
            try await screen.press("Enter")
            try await screen.shows("not refused") {
                $0.contains("error: qsh.repl: a prompt is open already") && $0.hasSuffix("\nqsh>")
            }
        }
    }

    @LoopActor
    @Test(arguments: ["C", "POSIX", "C.UTF-8"])
    func charactersAreUTF8UnderAnyLocale(locale: String) async throws {
        try await withPrompt(["NO_COLOR": "1", "LC_ALL": locale]) { screen in
            try await screen.type("'naïve 漢字' .. ' ✓'")
            try await screen.press("Enter")
            try await screen.endsIn("\nnaïve 漢字 ✓\nqsh>")
        }
    }
}

extension String {
    /// As a terminal shows tabs.
    fileprivate var expandingTabs: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.reduce(into: "") { text, character in
                text +=
                    character == "\t"
                    ? String(repeating: " ", count: 8 - text.count % 8) : String(character)
            }
        }.joined(separator: "\n")
    }
}
