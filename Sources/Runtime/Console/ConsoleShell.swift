/// Runs commands in a shell that shows its prompt on a console, for guests without an agent.
///
/// A command is typed as base64 (or quoted, where the guest has no `base64`) into a variable, in
/// short lines, then run by `sh`. Each answer stands between markers that are new for each
/// command and never typed as they are printed, so that their echo cannot match. The kernel's
/// lines do not disturb it.
@LoopActor
public final class ConsoleShell {
    /// What a guest's shell is able to do.
    enum Way {
        /// Files for the output, and `base64` to bring it over.
        case exact
        /// Neither.
        case mixed
    }

    /// Shells read at most 1024 (busybox) or 4096 (the kernel's terminal) bytes a line.
    private static let lineLimit = 512

    private let console: Console
    private var count = 0
    private let secret = UInt32(truncatingIfNeeded: Cassette.sessionNumber())

    /// Uses the shell that waits at its prompt on `console`.
    public init(_ console: Console) { self.console = console }

    /// Runs a command and waits for its end.
    ///
    /// Where the guest has `base64` and a place for files, the result is exact. Elsewhere `stdout`
    /// has both outputs, CR LF folded and escape sequences dropped. A command that a signal ended
    /// has 128 and the signal's number as its exit code.
    ///
    /// - Parameters:
    ///   - command: one or more lines for `sh`; its standard input is empty.
    ///   - limits: `total` counts for the whole call.
    /// - Throws: ``ConsoleError``, or `CancellationError`.
    public func execute(
        _ command: String, limits: ExpectLimits = ExpectLimits()
    ) async throws -> GuestResult {
        let deadline = limits.total.map { Deadline.after(console.timeScale($0)) } ?? .never
        let way = if let known = console.shellWay { known } else { try await probe(deadline) }
        console.shellWay = way
        return way == .exact
            ? try await executeExactly(command, deadline)
            : try await executeMixed(command, deadline)
    }

    /// Asks what the shell can do.
    private func probe(_ deadline: Deadline) async throws -> Way {
        let marker = nextMarker()
        try await type(
            "printf '\(marker.typed)%s\\n' "
                + "\"$( (f=$(mktemp) && printf aGk= | base64 -d >$f && rm $f && echo y) 2>&1)\"",
            deadline)
        let answer = try await line(after: marker, deadline)
        // The shell echoes and wraps as it likes, but only a shell puts the halves together.
        return answer.hasSuffix("y") ? .exact : .mixed
    }

    private func executeExactly(
        _ command: String, _ deadline: Deadline
    ) async throws -> GuestResult {
        try await load(Base64.encode(Array(command.utf8)), deadline)
        let marker = nextMarker()
        try await type(
            "qd=$(mktemp -d);printf %s \"$qc\"|base64 -d>$qd/c;sh $qd/c >$qd/o 2>$qd/e </dev/null;"
                + "qr=$?;printf '\\n\(marker.typed)%s\\n' $qr;base64 $qd/o;"
                + "printf '\(marker.typed)\\n';base64 $qd/e;printf '\(marker.typed)\\n';rm -r $qd",
            deadline)
        let code = try await line(after: marker, deadline)
        let stdout = try await text(before: marker, deadline)
        let stderr = try await text(before: marker, deadline)
        guard let status = Int32(code), let out = Base64.decode(stdout),
            let err = Base64.decode(stderr)
        else {
            throw ConsoleError.noShell(
                reason: "its answer came back damaged", console.failure(of: nil))
        }
        return GuestResult(code: status, stdout: out, stderr: err)
    }

    private func executeMixed(_ command: String, _ deadline: Deadline) async throws -> GuestResult {
        try await load(Array(command.utf8), deadline)
        let marker = nextMarker()
        try await type(
            "printf '\(marker.typed)\\n';sh -c \"$qc\" </dev/null;"
                + "printf '\(marker.typed)%s\\n' $?",
            deadline)
        _ = try await line(after: marker, deadline)
        let output = try await text(before: marker, deadline, endsLine: false)
        let code = try await restOfLine(deadline)
        return GuestResult(code: Int32(code) ?? 1, stdout: output)
    }

    /// Puts bytes into the shell's variable `qc`, line by line.
    private func load(_ bytes: [UInt8], _ deadline: Deadline) async throws {
        var rest = bytes[...]
        var assignment = "qc="
        repeat {
            let part = rest.prefix(ConsoleShell.lineLimit)
            rest = rest.dropFirst(part.count)
            let line = Array(assignment.utf8) + quoted(part) + console.configuration.lineEnd
            try await console.send(line, limit: deadline.remaining)
            assignment = "qc=\"$qc\""
        } while !rest.isEmpty
    }

    private func type(_ line: String, _ deadline: Deadline) async throws {
        try await console.sendline(line, limit: deadline.remaining)
    }
}

extension ConsoleShell {
    private struct Marker {
        var typed: String
        var printed: String
    }

    /// No letters from which a word that somebody waits for could be made.
    private func nextMarker() -> Marker {
        count += 1
        let name = "qsh\(String(secret, radix: 16))n\(count)"
        // `printf` prints \075 as an equals sign, so what is typed never equals what is printed.
        return Marker(typed: "\\075\(name):", printed: "=\(name):")
    }

    private func quoted(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let quote = UInt8(ascii: "'")
        let parts = bytes.split(separator: quote, omittingEmptySubsequences: false)
        return [quote] + Array(parts.joined(separator: Array("'\\''".utf8))) + [quote]
    }

    private func line(after marker: Marker, _ deadline: Deadline) async throws -> String {
        _ = try await wait(for: marker.printed, deadline)
        return try await restOfLine(deadline)
    }

    private func restOfLine(_ deadline: Deadline) async throws -> String {
        String(decoding: try await wait(for: "\n", deadline), as: UTF8.self)
    }

    private func text(
        before marker: Marker, _ deadline: Deadline, endsLine: Bool = true
    ) async throws -> [UInt8] {
        let bytes = try await wait(for: marker.printed, deadline)
        if endsLine { _ = try await restOfLine(deadline) }
        return bytes
    }

    private func wait(for text: String, _ deadline: Deadline) async throws -> [UInt8] {
        let limits = ExpectLimits(total: console.timeScale.limit(lasting: deadline.remaining))
        var pattern = try ConsolePattern.literal(text)
        pattern.scope = .program
        let result = try await console.expect([pattern], limits: limits)
        guard !result.isBeforeTruncated else {
            throw ConsoleError.noShell(
                reason: "its answer is larger than the console's window", console.failure(of: nil))
        }
        return result.before
    }
}
