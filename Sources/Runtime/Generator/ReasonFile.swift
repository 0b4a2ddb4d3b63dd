/// The reasons, written into the image itself, so that `qsh why IMAGE PATH` can tell them: one
/// line a path, `path hook kind because text` between tabs, `-` for what is empty.
enum ReasonFile {
    static let path = "/etc/qsh/reasons"

    static func text(_ reasons: [InitramfsPath: PickReason]) -> String {
        reasons.sorted { $0.key < $1.key }.map { path, reason in
            [
                path.display, reason.hook, reason.kind.rawValue, reason.because?.display ?? "",
                reason.text,
            ].map(field).joined(separator: "\t") + "\n"
        }.joined()
    }

    static func parse(_ bytes: [UInt8]) -> [InitramfsPath: PickReason] {
        var reasons: [InitramfsPath: PickReason] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: "\t", omittingEmptySubsequences: false)
                .map { $0 == "-" ? "" : String($0) }
            guard words.count == 5, let path = try? InitramfsPath(words[0]),
                let kind = PickReason.Kind(rawValue: words[2])
            else { continue }
            reasons[path] = PickReason(
                kind, words[4], hook: words[1],
                because: words[3].isEmpty ? nil : try? InitramfsPath(words[3]))
        }
        return reasons
    }

    private static func field(_ text: String) -> String {
        text.isEmpty ? "-" : String(text.map { $0 == "\t" || $0.isNewline ? " " : $0 })
    }
}

extension InitramfsTree {
    /// Adds the file of reasons.
    mutating func addReasons() throws {
        // A file that came later may be known by another path than the one it really has.
        for (path, reason) in reasons {
            guard let because = reason.because, let real = entry(at: because)?.path else {
                continue
            }
            reasons[path]?.because = real
        }
        try addFile(ReasonFile.path, text: ReasonFile.text(reasons))
    }
}
