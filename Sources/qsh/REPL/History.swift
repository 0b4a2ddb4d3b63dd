/// The inputs of this and earlier sessions, and where the user is in them.
final class History: @unchecked Sendable {
    private static let limit = 2000

    /// Oldest first.
    private(set) var entries: [String]
    /// How far back from the newest is shown; 0 is what was typed.
    private var depth = 0
    private var draft = ""

    init(_ entries: [String]) { self.entries = entries }

    func add(_ entry: String) {
        if entries.last != entry { entries.append(entry) }
        if entries.count > Self.limit { entries.removeFirst(entries.count - Self.limit) }
    }

    func startInput() {
        depth = 0
        draft = ""
    }

    /// The input before (-1) or after (1) the one shown, which has become `text`; nil at the ends.
    func recall(_ direction: Int, from text: String) -> String? {
        let wanted = depth - direction
        guard wanted >= 0, wanted <= entries.count else { return nil }
        if depth == 0 { draft = text }
        depth = wanted
        return depth == 0 ? draft : entries[entries.count - depth]
    }

    /// What the newest entry that starts with `text` goes on with.
    func suggestion(after text: String) -> String? {
        var text = text
        return text.withUTF8 { wanted in
            for var entry in entries.reversed() where entry.utf8.count > wanted.count {
                let rest: String? = entry.withUTF8 { known in
                    guard known.prefix(wanted.count).elementsEqual(wanted) else { return nil }
                    return String(decoding: known[wanted.count...], as: UTF8.self)
                }
                if let rest { return rest }
            }
            return nil
        }
    }
}
