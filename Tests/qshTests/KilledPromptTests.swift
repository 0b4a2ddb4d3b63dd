import Glibc
import QshRuntime
import TestSupport
import Testing

/// `kill -9` at different moments: the shell that started qsh gets its terminal as it was.
@Suite(.enabled(if: Command.locate("tmux") != nil, "no tmux on PATH"))
struct KilledPromptTests {
    /// What is typed at the prompt, and the end of the screen that shows it has been taken.
    struct Moment: Sendable, CustomTestStringConvertible {
        let name: String
        var lines: [String] = []
        var typed = ""
        let shown: String

        var testDescription: String { name }
    }

    private static let moments = [
        Moment(name: "at the prompt", shown: "qsh>"),
        Moment(name: "half typed", typed: "half typed", shown: "qsh> half typed"),
        Moment(
            name: "editing a block", lines: ["for i = 1, 2 do"], typed: "  print(i",
            shown: "qsh> for i = 1, 2 do\n  print(i"),
        // The end of the paste never comes.
        Moment(name: "in a paste", typed: "\u{1B}[200~print('half a", shown: ""),
        Moment(
            name: "in a loop", lines: [#"io.stderr:write("in the", " loop\n") while true do end"#],
            shown: "\nin the loop"),
        Moment(
            name: "in a call that waits",
            lines: [#"io.stderr:write("it", " waits\n") qsh.task.sleep(60)"#],
            shown: "\nit waits"),
    ]

    @LoopActor
    @Test(arguments: ["bash --norc --noprofile", "dash"], moments)
    func theTerminalIsAsBefore(shell: String, moment: Moment) async throws {
        TestLoop.start()
        let screen = try await TmuxScreen("exec \(shell)", ["PS1": "shell$ ", "NO_COLOR": "1"])
        do {
            let pid = try await start(on: screen)
            for line in moment.lines { try await enter(line, on: screen) }
            try await screen.type(moment.typed)
            try await screen.endsIn(moment.shown)
            kill(pid, SIGKILL)
            try await screen.shows("no shell", limit: .seconds(5)) { $0.hasSuffix("shell$") }
            try await expectAsBefore(screen)
        } catch {
            await screen.close()
            throw error
        }
        await screen.close()
    }

    @LoopActor private func start(on screen: TmuxScreen) async throws -> pid_t {
        try await screen.endsIn("shell$")
        try await enter(#"cd "$HOME"; stty -g > before; "$QSH" -q"#, on: screen)
        try await screen.endsIn("qsh>")
        try await enter("'pid=' .. io.open('/proc/self/stat'):read('n')", on: screen)
        let shown = try await screen.shows("no number") { $0.contains("\npid=") }
        let number = shown.split(separator: "\npid=").last?.prefix { $0.isNumber }
        try await screen.endsIn("qsh>")
        return try #require(number.flatMap { pid_t($0) })
    }

    @LoopActor private func expectAsBefore(_ screen: TmuxScreen) async throws {
        #expect(try await screen.state("#{cursor_flag} #{alternate_on}") == "1 0\n")
        try await enter("stty -g > after; cmp before after && echo 'the' same", on: screen)
        try await screen.endsIn("the same\nshell$")
        // Brackets of a paste would be in the file.
        try await enter("echo 'read' it; cat > pasted", on: screen)
        try await screen.endsIn("read it")
        try await screen.paste("text\n")
        try await screen.endsIn("\ntext")
        try await screen.press("C-d")
        try await screen.endsIn("shell$")
        try await enter("echo text | cmp - pasted && echo 'no' brackets", on: screen)
        try await screen.endsIn("no brackets\nshell$")
    }

    @LoopActor private func enter(_ line: String, on screen: TmuxScreen) async throws {
        try await screen.type(line)
        try await screen.press("Enter")
    }
}
