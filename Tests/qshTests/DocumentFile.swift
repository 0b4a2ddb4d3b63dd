import SystemPackage
import Testing

@testable import QshRuntime

/// One fenced block of a Markdown file.
struct DocumentBlock: CustomTestStringConvertible {
    /// The words after the fence: the language first.
    var words: [String]
    var text: String
    /// Of the opening fence, counted from 1.
    var line: Int

    var language: String { words.first ?? "" }
    /// `lua exit=1`: the status the block ends with.
    var status: Int32 {
        words.compactMap { $0.hasPrefix("exit=") ? Int32($0.dropFirst(5)) : nil }.first ?? 0
    }
    /// `lua first.lua`: what the reader calls the file.
    var fileName: String { words.dropFirst().first { $0.hasSuffix(".lua") } ?? "recipe.lua" }
    /// `lua continued`: the rest of the recipe in the block before.
    var continues: Bool { words.contains("continued") }

    var testDescription: String { "line \(line) (\(language))" }
}

/// A Markdown file with its fenced blocks.
struct DocumentFile: CustomTestStringConvertible, Sendable {
    /// Path from the repository's root.
    var name: String

    var testDescription: String { name }

    /// Every document of which a reader may copy a block.
    static let all: [DocumentFile] = {
        var names = ["README.md", "CONTRIBUTING.md"]
        var folders = ["docs"]
        while let folder = folders.popLast() {
            for name in FileTree.names(in: QshRun.repository.appending(folder)).sorted() {
                let path = "\(folder)/\(name)"
                if name.hasSuffix(".md") { names.append(path) }
                if FileTree.isFolder(QshRun.repository.appending(path)) { folders.append(path) }
            }
        }
        return names.map { DocumentFile(name: $0) }
    }()

    var path: FilePath { QshRun.repository.appending(name) }

    static func text(_ path: FilePath) -> String? {
        (try? readSmallFile(path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The blocks in order; an unclosed fence takes the rest of the file.
    static func blocks(of text: String) -> [DocumentBlock] {
        var blocks: [DocumentBlock] = []
        var open: DocumentBlock?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let isFence = line.drop { $0 == " " }.hasPrefix("```")
            if isFence, let block = open {
                blocks.append(block)
                open = nil
            } else if isFence {
                let words = line.drop { $0 == " " || $0 == "`" }.split(separator: " ")
                open = DocumentBlock(words: words.map(String.init), text: "", line: index + 1)
            } else {
                open?.text += line + "\n"
            }
        }
        if let open { blocks.append(open) }
        return blocks
    }
}

/// Output as a document shows it: a line `…` stands for any lines, `…` in a line for any text.
struct DocumentOutput {
    var expected: String

    func matches(_ actual: String) -> Bool {
        matches(lines(expected)[...], lines(actual)[...])
    }

    private func lines(_ text: String) -> [Substring] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.lastIndex { $0 != " " && $0 != "\r" }.map { line[...$0] } ?? ""
        }
        while lines.last == "" { lines.removeLast() }
        return lines
    }

    private func matches(_ wanted: ArraySlice<Substring>, _ found: ArraySlice<Substring>) -> Bool {
        guard let first = wanted.first else { return found.isEmpty }
        if first.drop(while: { $0 == " " }) == "…" {
            return (found.startIndex...found.endIndex).contains {
                matches(wanted.dropFirst(), found[$0...])
            }
        }
        guard let line = found.first, matchesLine(first, line) else { return false }
        return matches(wanted.dropFirst(), found.dropFirst())
    }

    private func matchesLine(_ wanted: Substring, _ found: Substring) -> Bool {
        let pieces = wanted.split(separator: "…", omittingEmptySubsequences: false)
        guard pieces.count > 1, let head = pieces.first, let tail = pieces.last else {
            return wanted == found
        }
        guard found.hasPrefix(head), found.hasSuffix(tail),
            found.count >= head.count + tail.count
        else { return false }
        var rest = found.dropFirst(head.count).dropLast(tail.count)
        for piece in pieces.dropFirst().dropLast() {
            guard let range = rest.firstRange(of: piece) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }
}
