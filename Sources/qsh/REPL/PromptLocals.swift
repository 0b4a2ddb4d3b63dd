/// Makes top-level `local` variables of a REPL's input globals.
///
/// Each input is a chunk of its own, so a local variable would be gone at the next prompt, and one
/// with `<close>` be closed at once: a line taken from a recipe would do nothing. `local` is
/// therefore taken away where it stands outside every block, with its attributes. Columns and
/// lines stay what they were.
struct PromptLocals {
    /// The input as it is to be run.
    private(set) var text: String
    /// Whether a `local` was taken away.
    private(set) var hasLocals = false
    /// Variables that were to be closed at the end of their block.
    private(set) var closed: [String] = []

    private struct Edit {
        var range: Range<Int>
        var text: [UInt8]
    }

    private var edits: [Edit] = []

    init(_ text: String) {
        self.text = text
        // Almost every input ends here.
        guard text.contains("local") else { return }
        let bytes = Array(text.utf8)
        let tokens = LuaTokens(bytes).all
        var depth = 0
        var index = 0
        while index < tokens.count {
            switch tokens[index].text {
            case "function", "do", "if", "repeat": depth += 1
            case "end", "until": depth -= 1
            case "local" where depth == 0: expose(tokens, at: index, in: bytes)
            default: break
            }
            index += 1
        }
        apply(to: bytes)
    }

    private mutating func expose(_ tokens: [LuaTokens.Token], at start: Int, in bytes: [UInt8]) {
        var index = start + 1
        func text(_ offset: Int = 0) -> String {
            index + offset < tokens.count ? tokens[index + offset].text : ""
        }
        var changes = [blank(tokens[start].range)]
        if text() != "function" {
            var closing: [String] = []
            while true {
                let name = text()
                guard name != "_ENV", name.first.map({ $0.isLetter || $0 == "_" }) == true else {
                    return
                }
                index += 1
                if text() == "<", text(2) == ">" {
                    if text(1) == "close" { closing.append(name) }
                    changes.append(
                        blank(tokens[index].range.lowerBound..<tokens[index + 2].range.upperBound))
                    index += 3
                }
                guard text() == "," else { break }
                index += 1
            }
            if text() != "=" {
                let end = tokens[index - 1].range.upperBound
                changes.append(Edit(range: end..<end, text: Array(" = nil".utf8)))
            }
            closed += closing
        }
        edits += changes
        hasLocals = true
    }

    private func blank(_ range: Range<Int>) -> Edit {
        Edit(range: range, text: Array(repeating: UInt8(ascii: " "), count: range.count))
    }

    private mutating func apply(to bytes: [UInt8]) {
        var bytes = bytes
        for edit in edits.reversed() { bytes.replaceSubrange(edit.range, with: edit.text) }
        text = String(decoding: bytes, as: UTF8.self)
    }
}
