/// What `qsh inspect` prints of an image: a few facts, and what is wrong.
public struct ImageReport {
    private static let width = 100

    private let image: InitramfsImage
    private let summary: InitramfsSummary

    /// Takes what was read.
    public init(_ image: InitramfsImage, _ summary: InitramfsSummary) {
        self.image = image
        self.summary = summary
    }

    /// Several lines, each with its end.
    public var text: String {
        (segmentLines + factLines + findingLines).map { $0 + "\n" }.joined()
    }

    private var segmentLines: [String] {
        let rows =
            [["offset", "length", "unpacked", "entries", "codec"]]
            + image.segments.map { segment in
                [
                    "\(segment.offset)", "\(segment.length)", "\(segment.unpackedLength)",
                    "\(segment.entries)",
                    segment.codec.rawValue + (segment.isEarly ? " (early)" : ""),
                ]
            }
        let widths = (0..<4).map { column in rows.map(\.[column].utf8.count).max() ?? 0 }
        return rows.map { row in
            let numbers = zip(row, widths).map { cell, width in
                String(repeating: " ", count: width - cell.utf8.count) + cell
            }
            return numbers.joined(separator: "  ") + "  " + row[4]
        }
    }

    private var factLines: [String] {
        let tree = image.tree.count
        var facts = [("size", "\(image.length) bytes, \(tree) entries in the tree")]
        facts.append(("files", "\(summary.counts[.file] ?? 0), \(summary.fileBytes) bytes"))
        if !summary.releases.isEmpty {
            facts.append(("kernel", summary.releases.joined(separator: ", ")))
        }
        if summary.modules > 0 {
            let names = summary.moduleNames.joined(separator: " ")
            facts.append(("modules", "\(summary.modules): \(names)"))
        }
        if summary.firmware > 0 { facts.append(("firmware", "\(summary.firmware) files")) }
        facts.append(("init", summary.start ?? "none"))
        if let maker = summary.maker.name { facts.append(("made by", maker)) }
        if !summary.maker.hooks.isEmpty {
            facts.append(("hooks", summary.maker.hooks.joined(separator: " ")))
        }
        return facts.flatMap { Self.wrapped($0.0, $0.1) }
    }

    private var findingLines: [String] { image.findings.map(\.line) }

    /// A label and its words, on as many lines as they need.
    private static func wrapped(_ label: String, _ text: String) -> [String] {
        let indent = String(repeating: " ", count: 10)
        var lines: [String] = []
        var line = label + ":" + String(repeating: " ", count: max(1, 9 - label.utf8.count))
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, line.utf8.count + 1 + word.utf8.count > width {
                lines.append(line)
                line = indent
                isEmpty = true
            }
            line += isEmpty ? word : " " + word
            isEmpty = false
        }
        return lines + [line]
    }
}

extension InitramfsFinding {
    /// `error at 1024: …`
    public var line: String { "\(severity.rawValue) at \(offset): \(message)" }
}
