import LuaBridge
import QshRuntime
import SystemPackage

/// The text of lines that errors name.
struct SourceLines {
    /// What was typed at the prompt.
    let prompt: [String]

    /// The line at `file:line`, with its number; nil where it cannot be had.
    func line(at location: String) -> String? {
        guard let colon = location.lastIndex(of: ":"),
            let number = Int(location[location.index(after: colon)...]), number > 0
        else { return nil }
        let name = String(location[..<colon])
        let lines: [String]
        if name == "repl" {
            lines = prompt
        } else {
            guard let chunk = try? RecipeSource.read(.file(name)), chunk.source.count < 4 << 20
            else { return nil }
            lines = String(decoding: chunk.source, as: UTF8.self)
                .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
        guard number <= lines.count else { return nil }
        let text = lines[number - 1]
        guard text.contains(where: { !$0.isWhitespace }) else { return nil }
        return "    \(number) | \(text.count > 160 ? text.prefix(159) + "…" : text[...])"
    }
}

extension DiagnosticRenderer {
    /// An error with the line where it happened.
    func render(_ error: LuaError, sources: SourceLines) -> String {
        let text = render(error)
        guard let location = error.location, let line = sources.line(at: location),
            let place = text.firstRange(of: "  at \(location)\n")
        else { return text }
        return text[..<place.upperBound] + line + "\n" + text[place.upperBound...]
    }
}
