import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// A program in a real terminal: tmux shows what a person would see, as text.
@LoopActor
final class TmuxScreen {
    let scratch: ScratchFolder
    private let socket: String

    /// - Parameter command: for `sh -c`; `$QSH` is the binary. The state folder is the scratch one.
    init(
        columns: Int = 80, rows: Int = 24, _ command: String = #"exec "$QSH""#,
        _ environment: [String: String?] = [:]
    ) async throws {
        scratch = try ScratchFolder()
        socket = scratch.path.appending("tmux").string
        var variables: [String: String?] = [
            "QSH": QshRun.binary.string, "XDG_STATE_HOME": scratch.path.string,
            "HOME": scratch.path.string, "TMUX": nil, "NO_COLOR": nil, "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8", "PS1": "shell$ ",
        ]
        variables.merge(environment) { $1 }
        let shown = environment.sorted { $0.key < $1.key }.compactMap { key, value in
            value.map { "\(key)=\(shellQuoted($0))" }
        }
        // The program ends the pane; what it has shown stays.
        let script = "set -g remain-on-exit on; set -s escape-time 10"
        _ = try scratch.file("tmux.conf", script.replacing("; ", with: "\n").utf8)
        let made = try await tmux(
            [
                "-f", scratch.path.appending("tmux.conf").string, "new-session", "-d",
                "-x", "\(columns)", "-y", "\(rows)",
                "env \(shown.joined(separator: " ")) sh -c \(shellQuoted(command))",
            ], variables)
        try #require(made.succeeded, "\(String(decoding: made.stderr, as: UTF8.self))")
    }

    /// Types text as it is.
    func type(_ text: String) async throws { _ = try await tmux(["send-keys", "-l", text]) }

    /// Presses keys by tmux's names: `Enter`, `Up`, `C-c`.
    func press(_ keys: String...) async throws { _ = try await tmux(["send-keys"] + keys) }

    /// Pastes as a terminal does that brackets pastes.
    func paste(_ text: String) async throws {
        _ = try await tmux(["set-buffer", text])
        _ = try await tmux(["paste-buffer", "-p", "-r"])
    }

    func resize(columns: Int, rows: Int) async throws {
        _ = try await tmux(["resize-window", "-x", "\(columns)", "-y", "\(rows)"])
    }

    /// What is on the screen, without the empty rows at its end.
    func text(colours: Bool = false) async throws -> String {
        let result = try await tmux(["capture-pane", "-p"] + (colours ? ["-e"] : []))
        var text = String(decoding: result.stdout, as: UTF8.self)
        while text.last == "\n" { text.removeLast() }
        return text
    }

    /// Waits until the screen is as `condition` wants it. A screen raises no event, hence the look
    /// every few milliseconds.
    @discardableResult
    func shows(
        _ what: String, colours: Bool = false, limit: Duration = .seconds(10),
        _ location: SourceLocation = #_sourceLocation, where condition: (String) -> Bool
    ) async throws -> String {
        let deadline = Deadline.after(limit)
        var screen = ""
        repeat {
            screen = try await text(colours: colours)
            if condition(screen) { return screen }
            _ = try await Broadcast().wait(until: .after(.milliseconds(20))) { false }
        } while !deadline.hasPassed
        Issue.record("\(what): the screen is\n\(screen)", sourceLocation: location)
        throw CancellationError()
    }

    /// Waits until the last rows are these.
    func endsIn(
        _ rows: String, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        try await shows("no `\(rows)` at the end", location) { $0.hasSuffix(rows) }
    }

    /// What tmux knows of the terminal by its own names: `#{cursor_flag}`.
    func state(_ format: String) async throws -> String {
        let result = try await tmux(["display-message", "-p", format])
        return String(decoding: result.stdout, as: UTF8.self)
    }

    func close() async { _ = try? await tmux(["kill-server"]) }

    private func tmux(
        _ arguments: [String], _ environment: [String: String?] = [:]
    ) async throws -> CommandResult {
        try await CommandRunner.run(
            Command(["tmux", "-S", socket] + arguments, environment: environment),
            until: .after(.seconds(20)))
    }

    private func shellQuoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
