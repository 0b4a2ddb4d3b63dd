import QshRuntime

/// Names with what they are, in two columns that fit the window; long texts go on below.
struct HelpRows {
    /// Of the window.
    var columns: Int
    private static let widestName = 28

    /// Without a terminal lines are as long as they are.
    @LoopActor static var ofWindow: HelpRows {
        HelpRows(columns: TerminalSize.current?.columns ?? .max)
    }

    func text(_ rows: [(name: String, text: String)]) -> String {
        let width = min(Self.widestName, rows.map(\.name.count).max() ?? 0) + 2
        let room = max(20, columns - width - 3)
        return rows.map { name, text in
            let lines = wrapped(text, to: room)
            guard let first = lines.first else { return "  \(name)\n" }
            let indent = String(repeating: " ", count: width + 2)
            let pad = width - name.count
            let head =
                pad >= 2
                ? "  \(name)" + String(repeating: " ", count: pad) + first
                : "  \(name)\n" + indent + first
            return ([head] + lines.dropFirst().map { indent + $0 }).map { $0 + "\n" }.joined()
        }.joined()
    }

    /// Lines of at most so many characters, where words are not longer.
    func wrapped(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            guard let last = lines.last, last.count + 1 + word.count <= width else {
                lines.append(String(word))
                continue
            }
            lines[lines.count - 1] = last + " " + word
        }
        return lines
    }
}
