import SystemPackage

/// What a failed wait knew when it ended.
public struct ExpectFailure: Sendable, Equatable {
    /// The patterns, as the recipe wrote them; empty for a wait that had none.
    public var patterns: [String]
    /// How long the wait lasted.
    public var elapsed: Duration
    /// The machine's state in a few words, such as "the machine still runs".
    public var state: String?
    /// The last lines of the console, cleaned of escape sequences.
    public var lastLines: [String]
    /// Where the whole console is.
    public var transcript: FilePath?
    /// How the limit came to be longer than the recipe said.
    public var scaled: String?
    /// A sent line that came back as an echo with nothing behind it.
    public var echoed: String?
}

/// Why a console could not do what it was asked.
public enum ConsoleError: DiagnosticError, Equatable {
    /// The total limit passed.
    case timedOut(Duration, ExpectFailure)
    /// Nothing came for as long as the silence limit says.
    case silent(Duration, ExpectFailure)
    /// More unmatched bytes came than the limit allows.
    case tooMuchOutput(Int, ExpectFailure)
    /// The stream ended.
    case ended(ExpectFailure)
    /// The kernel reported trouble.
    case crashed(CrashReport, ExpectFailure)
    /// Output did not pause.
    case notSettled(quiet: Duration, limit: Duration, ExpectFailure)
    /// A pattern is malformed, or needs too much work.
    case badPattern(pattern: String, reason: String)
    /// Two waits at once on one console.
    case busy(waiting: [String])
    /// What was sent could not be delivered.
    case notSent(reason: String, ExpectFailure)
    /// What was typed did not come back as it was.
    case notEchoed(expected: String, got: String, ExpectFailure)
    /// Not a control character.
    case badControl(String)
    /// The guest's shell did not answer as a shell does.
    case noShell(reason: String, ExpectFailure)

    /// The text of every error, made here alone.
    public var diagnostic: Diagnostic {
        switch self {
        case .timedOut(let limit, let failure):
            failure.diagnostic(.timeout, "saw no match in \(limit.inSeconds)")
        case .silent(let limit, let failure):
            failure.diagnostic(.timeout, "saw no output for \(limit.inSeconds)")
        case .tooMuchOutput(let limit, let failure):
            failure.diagnostic(.recipeFailed, "saw no match in \(limit) bytes")
        case .ended(let failure):
            failure.withoutEcho.diagnostic(.recipeFailed, "the stream ended")
        case .crashed(let report, let failure):
            failure.diagnostic(report)
        case .notSettled(let quiet, let limit, let failure):
            failure.diagnostic(
                .timeout, "console: expected no output for \(quiet.inSeconds)",
                "it did not pause in \(limit.inSeconds)")
        case .badPattern(let pattern, let reason):
            Diagnostic(.usage, "pattern `\(pattern)`: \(reason)")
        case .busy(let waiting):
            Diagnostic(
                .usage,
                "console: expected one wait at a time, but one for "
                    + "\(alternatives(waiting)) has not ended",
                hint: "give both patterns to one `expect`, as a list")
        case .notSent(let reason, let failure):
            Diagnostic(
                .recipeFailed, "console: cannot send: \(reason)", notes: failure.notes)
        case .notEchoed(let expected, let got, let failure):
            failure.diagnostic(
                .recipeFailed, "console: expected the echo of `\(expected)`",
                got.isEmpty ? "nothing came back" : "got `\(got)`")
        case .badControl(let key):
            Diagnostic(
                .usage, "control key `\(key)`: expected one letter or one of `@[\\]^_?`",
                hint: "Ctrl-C is `sendcontrol(\"c\")`")
        case .noShell(let reason, let failure):
            failure.diagnostic(.recipeFailed, "console: expected a shell", reason)
        }
    }
}

extension ExpectFailure {
    /// Where nothing can answer any more, an echo alone says nothing of the program.
    fileprivate var withoutEcho: ExpectFailure {
        var copy = self
        copy.echoed = nil
        return copy
    }

    fileprivate func diagnostic(_ verdict: Verdict, _ what: String) -> Diagnostic {
        diagnostic(verdict, "console: expected \(alternatives(patterns))", what)
    }

    fileprivate func diagnostic(
        _ verdict: Verdict, _ expected: String, _ got: String
    ) -> Diagnostic {
        Diagnostic(
            verdict, "\(expected) but \(got)", notes: notes,
            hint: echoed == nil
                ? nil
                : "the program flushed its input: call `settle` before the answer, or `expect` "
                    + "with `resend = 1`")
    }

    fileprivate func diagnostic(_ report: CrashReport) -> Diagnostic {
        let cause = report.cause
        let verdict = cause?.kind.verdict ?? .oops
        let what = verdict == .panic ? "panicked" : verdict == .hung ? "hangs" : "crashed"
        let wait =
            patterns.isEmpty
            ? "console: the kernel \(what)"
            : "console: expected \(alternatives(patterns)) but the kernel \(what)"
        // The report is what the last lines would show.
        var facts = [block("the kernel's report", report.lines)]
        if let state { facts.append(state) }
        if let transcript { facts.append("the whole console is in `\(transcript)`") }
        return Diagnostic(
            verdict, "\(wait): \(cause?.detail ?? "no detail")", notes: facts,
            hint: report.hint)
    }

    fileprivate var notes: [String] {
        var notes: [String] = []
        if let scaled { notes.append(scaled) }
        if let state { notes.append(state) }
        if let echoed {
            notes.append("`\(echoed)` was sent and came back as an echo, with nothing behind it")
        }
        if lastLines.isEmpty {
            notes.append("the console printed nothing")
        } else {
            let count = lastLines.count
            notes.append(block(count == 1 ? "last line" : "last \(count) lines", lastLines))
        }
        if let transcript { notes.append("the whole console is in `\(transcript)`") }
        return notes
    }

    private func block(_ title: String, _ lines: [String]) -> String {
        ([title + ":"] + lines.map { "  " + $0 }).joined(separator: "\n")
    }
}

private func alternatives(_ patterns: [String]) -> String {
    let quoted = patterns.map { "`\($0)`" }
    guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "output" }
    return quoted.dropLast().joined(separator: ", ") + " or " + last
}
