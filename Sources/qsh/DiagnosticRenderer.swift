import QshRuntime

/// Turns a diagnostic into the lines that the user reads; labels and colour are made here only.
struct DiagnosticRenderer {
    /// Whether labels are coloured.
    var colour: Bool

    static var standardError: DiagnosticRenderer {
        DiagnosticRenderer(colour: Colour.isWanted(on: 2))
    }

    /// - Parameters:
    ///   - location: the innermost recipe frame, as `file:line`.
    ///   - traceback: the other recipe frames, innermost first.
    func render(
        _ diagnostic: Diagnostic, at location: String? = nil, traceback: [String] = []
    ) -> String {
        var lines = [label("error:", 31) + " " + indented(diagnostic.message)]
        if let location { lines.append("  at \(location)") }
        lines += traceback.map { "  from \($0)" }
        lines += diagnostic.notes.map { "  " + label("note:", 36) + " " + indented($0) }
        if let hint = diagnostic.hint {
            lines.append("  " + label("hint:", 32) + " " + indented(hint))
        }
        if let command = diagnostic.reproduce {
            lines.append("  " + label("reproduce:", 35) + " " + command)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func label(_ text: String, _ code: Int) -> String {
        colour ? "\u{1B}[1;\(code)m\(text)\u{1B}[0m" : text
    }

    /// Keeps the lines of one fact together under its label.
    private func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n    ")
    }
}
