/// Finds the panic of a kernel whose lines carry no stamps.
///
/// Without a stamp anybody could have printed the words, so more must speak for it: what a panic
/// prints next, or the end of the stream.
enum UnstampedPanic {
    /// How many of the newest lines are looked at.
    static let lines = 400
    private static let words = "Kernel panic - not syncing: "
    private static let companions = [
        "CPU: ", "Hardware name: ", "Call Trace:", "Kernel Offset: ", "---[ end Kernel panic",
        "Rebooting in ",
    ]

    static func find(in lines: [String], isEnd: Bool) -> CrashReport? {
        // Without stamps the level may still be there (`console_msg_format=syslog`).
        let lines = lines.map { line in
            line.hasPrefix("<") && line.dropFirst(2).hasPrefix(">")
                ? String(line.dropFirst(3)) : line
        }
        guard let index = lines.lastIndex(where: { $0.hasPrefix(words) }) else { return nil }
        let following = lines[(index + 1)...]
        let isConfirmed = following.contains { line in
            companions.contains { line.hasPrefix($0) }
        }
        guard isConfirmed || (isEnd && following.count < 5) else { return nil }
        let detail = String(
            lines[index].dropFirst(words.count).prefix(CrashClassifier.detailLimit))
        let event = CrashEvent(line: index + 1, kind: .panic, detail: detail)
        return CrashReport(events: [event], lines: Array(lines[index...]), isComplete: true)
    }
}
