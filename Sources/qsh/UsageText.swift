import QshRuntime

/// The argument parser's words in the form of qsh's own.
enum UsageText {
    /// - Parameter help: the command that lists the options.
    static func diagnostic(_ text: String, help: String) -> Diagnostic {
        let parts = text.prefix { !$0.isNewline }.split(separator: ". Did you mean ", maxSplits: 1)
        let message = sentence(parts.first ?? "wrong usage")
        guard parts.count == 2 else {
            return Diagnostic(.usage, message, hint: "`\(help)` lists the options")
        }
        return Diagnostic(.usage, message, hint: "did you mean \(sentence(parts[1]))")
    }

    private static func sentence(_ line: Substring) -> String {
        let lower = line.prefix(1).lowercased() + line.dropFirst()
        let quoted = lower.replacing("'", with: "`")
        return quoted.last == "." ? String(quoted.dropLast()) : quoted
    }
}
