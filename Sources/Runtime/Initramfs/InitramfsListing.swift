/// The lines of `ls -l` for a tree: type and mode, links, owner, size or device number, date,
/// name and target.
///
/// Dates are in UTC, and names that a terminal could not bear are escaped.
public struct InitramfsListing: Sequence {
    private let tree: [InitramfsNode]
    private let widths: (links: Int, owner: Int, group: Int, size: Int)

    /// Measures the columns.
    public init(_ tree: [InitramfsNode]) {
        self.tree = tree
        var widths = (links: 1, owner: 1, group: 1, size: 1)
        for node in tree {
            widths.links = Swift.max(widths.links, Self.digits(node.links))
            widths.owner = Swift.max(widths.owner, Self.digits(Int(node.uid)))
            widths.group = Swift.max(widths.group, Self.digits(Int(node.gid)))
            widths.size = Swift.max(widths.size, Self.size(node).utf8.count)
        }
        self.widths = widths
    }

    /// One line after the other, without line ends.
    public func makeIterator() -> AnyIterator<String> {
        var next = tree.makeIterator()
        return AnyIterator { next.next().map(line) }
    }

    private func line(_ node: InitramfsNode) -> String {
        var line = Self.letters(node)
        line += " " + Self.padded(String(node.links), widths.links)
        line += " " + Self.padded(String(node.uid), widths.owner)
        line += " " + Self.padded(String(node.gid), widths.group)
        line += " " + Self.padded(Self.size(node), widths.size)
        line += " " + (node.modificationTime.map(Self.date) ?? "               -")
        line += " " + printable(node.path)
        if node.type == .symlink { line += " -> " + printable(node.target) }
        return line
    }

    private static func digits(_ number: Int) -> Int {
        var (count, rest) = (1, number)
        while rest >= 10 { (count, rest) = (count + 1, rest / 10) }
        return count
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        let missing = width - text.utf8.count
        return missing > 0 ? String(repeating: " ", count: missing) + text : text
    }

    private static func size(_ node: InitramfsNode) -> String {
        switch node.type {
        case .character, .block: "\(node.major), \(node.minor)"
        case .symlink: String(node.target.count)
        default: String(node.size)
        }
    }

    /// `drwxr-xr-t`, as `ls` writes it.
    static func letters(_ node: InitramfsNode) -> String {
        let types: [InitramfsNode.FileType: UInt8] = [
            .directory: UInt8(ascii: "d"), .file: UInt8(ascii: "-"), .symlink: UInt8(ascii: "l"),
            .character: UInt8(ascii: "c"), .block: UInt8(ascii: "b"), .fifo: UInt8(ascii: "p"),
            .socket: UInt8(ascii: "s"),
        ]
        var text = [types[node.type] ?? UInt8(ascii: "?")]
        for (index, letter) in "rwxrwxrwx".utf8.enumerated() {
            text.append(node.mode & (0o400 >> index) != 0 ? letter : UInt8(ascii: "-"))
        }
        for (bit, at, letter) in [(0o4000, 3, "s"), (0o2000, 6, "s"), (0o1000, 9, "t")]
        where Int(node.mode) & bit != 0 {
            let small = text[at] == UInt8(ascii: "x")
            text[at] = (small ? letter : letter.uppercased()).utf8.first ?? text[at]
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// `2001-09-09 01:46`: the civil date of a time, by Hinnant's `civil_from_days`.
    static func date(_ time: UInt32) -> String {
        let days = Int(time) / 86_400 + 719_468
        let era = days / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let day = dayOfYear - (153 * shifted + 2) / 5 + 1
        let seconds = Int(time) % 86_400
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(year)-\(two(month))-\(two(day)) \(two(seconds / 3600)):\(two(seconds / 60 % 60))"
    }
}
