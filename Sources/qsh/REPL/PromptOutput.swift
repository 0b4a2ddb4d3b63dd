import Glibc
import QshRuntime

/// Output that comes while a line is being edited: it goes above the line.
///
/// Whole lines are shown at once, at most 20 times a second; the beginning of a line waits a
/// little for the rest, since the prompt must start on a line of its own. Of what consoles print
/// in between, only the newest lines are shown, with the number of those left out.
@LoopActor
final class PromptOutput {
    static let shared = PromptOutput()

    /// The editor whose line is in the way; nil where none is.
    var editor: LineEditor?
    /// Whether consoles are shown through here, with their machine's name before each line.
    var takesConsoles = false
    /// Shows no console at all.
    var isQuiet = false {
        didSet { if isQuiet { for name in names { consoles[name]?.forget() } } }
    }
    private var held: [UInt8] = []
    private var consoles: [String: ConsoleLines] = [:]
    private var quiet: Set<String> = []
    private var showing: LoopTimer?
    private var completing: LoopTimer?

    /// Lines of a flooding console that are shown at once: what stays on the screen.
    private var linesAtOnce: Int { max(4, (TerminalSize.current?.rows ?? 24) / 2) }

    /// So many lines may come at once, as a kernel's do when it boots, and so many a second.
    fileprivate nonisolated static let burst = 500.0
    fileprivate nonisolated static let linesPerSecond = 200.0

    /// Whether output must go through here now.
    var isNeeded: Bool { editor?.isReading == true }

    /// The machines that have printed something.
    var names: [String] { consoles.keys.sorted() }

    func setQuiet(_ name: String, _ isQuiet: Bool) {
        guard isQuiet else {
            _ = quiet.remove(name)
            return
        }
        quiet.insert(name)
        consoles[name]?.forget()
    }

    /// Takes output for the terminal while a line is edited; else prints it.
    func write(_ bytes: some Sequence<UInt8>) {
        held += bytes
        guard isNeeded else { return finish() }
        schedule()
    }

    /// Takes what a machine's console printed.
    func write(console name: String, transcript: String?, _ bytes: UnsafeRawBufferPointer) {
        let isSilent = isQuiet || quiet.contains(name)
        consoles[name, default: ConsoleLines(name: name)].take(bytes, transcript, isSilent)
        schedule()
    }

    /// Shows text that belongs to what the user asked for: at once.
    func show(_ text: String) {
        guard isNeeded, let editor else { return StandardOutput.write(text) }
        editor.above { StandardOutput.write(text) }
    }

    /// Prints what is held as it is: the line has been entered, or nobody edits.
    func finish() {
        forget()
        for name in names { held += consoles[name]?.takeAll(linesAtOnce) ?? [] }
        guard !held.isEmpty else { return }
        StandardOutput.write(String(decoding: held, as: UTF8.self))
        held = []
    }

    private func schedule() {
        if showing == nil {
            showing = EventLoop.shared.at(.after(.milliseconds(50))) { [weak self] in
                self?.showLines()
            }
        }
        if completing == nil {
            completing = EventLoop.shared.at(.after(.milliseconds(400))) { [weak self] in
                self?.showAll()
            }
        }
    }

    private func showLines() {
        showing = nil
        var lines: [UInt8] = []
        if let end = held.lastIndex(of: UInt8(ascii: "\n")) {
            lines += held[...end]
            held.removeSubrange(...end)
        }
        for name in names { lines += consoles[name]?.takeLines(linesAtOnce) ?? [] }
        print(lines)
    }

    private func showAll() {
        forget()
        var text = held
        held = []
        if let last = text.last, last != UInt8(ascii: "\n") { text.append(UInt8(ascii: "\n")) }
        for name in names { text += consoles[name]?.takeAll(linesAtOnce) ?? [] }
        print(text)
    }

    /// Prints whole lines, above the one that is edited if one is.
    private func print(_ lines: [UInt8]) {
        guard !lines.isEmpty else { return }
        let show = { lines.withUnsafeBytes { StandardOutput.write($0) } }
        if isNeeded, let editor { editor.above(show) } else { show() }
    }

    private func forget() {
        showing?.cancel()
        completing?.cancel()
        showing = nil
        completing = nil
    }
}

/// What a console has printed since it was shown last.
private struct ConsoleLines {
    private let prefix: [UInt8]
    private var lines: [[UInt8]] = []
    private var begun: [UInt8] = []
    private var left = 0
    /// How many lines may be shown now without being too many.
    private var credit = PromptOutput.burst
    private var seen = Deadline.now.secondsOfClock
    private var transcript: String?

    private static let longestLine = 2000

    init(name: String) { prefix = Array("\(name)| ".utf8) }

    mutating func take(_ bytes: UnsafeRawBufferPointer, _ transcript: String?, _ isSilent: Bool) {
        self.transcript = transcript
        if isSilent { return forget() }
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            begun += rest[..<end].prefix(Self.longestLine - min(begun.count, Self.longestLine))
            rest = rest[(end + 1)...]
            lines.append(begun)
            begun = []
        }
        begun += rest.prefix(Self.longestLine - min(begun.count, Self.longestLine))
        let surplus = lines.count - Int(PromptOutput.burst)
        guard surplus > 0 else { return }
        left += surplus
        lines.removeFirst(surplus)
    }

    mutating func forget() {
        lines = []
        begun = []
        left = 0
    }

    /// The whole lines, ready to be printed.
    mutating func takeLines(_ limit: Int) -> [UInt8] {
        var text: [UInt8] = []
        let now = Deadline.now.secondsOfClock
        credit = min(PromptOutput.burst, credit + (now - seen) * PromptOutput.linesPerSecond)
        seen = now
        let surplus = Double(lines.count + left) > credit ? lines.count - limit : 0
        if surplus > 0 {
            left += surplus
            lines.removeFirst(surplus)
        }
        credit = max(0, credit - Double(lines.count))
        if left > 0 {
            let place = transcript.map { " (all are in \($0))" } ?? ""
            text += prefix + Array("… \(left) lines left out\(place)\n".utf8)
            left = 0
        }
        for line in lines { text += prefix + Self.printable(line) + [UInt8(ascii: "\n")] }
        lines = []
        return text
    }

    /// The beginning of a line, too, as a line of its own.
    mutating func takeAll(_ limit: Int) -> [UInt8] {
        if !begun.isEmpty {
            lines.append(begun)
            begun = []
        }
        return takeLines(limit)
    }

    /// Without carriage returns: a progress bar would overwrite the name.
    private static func printable(_ line: [UInt8]) -> [UInt8] {
        let parts = line.split(separator: UInt8(ascii: "\r"))
        return Array(parts.last ?? [])
    }
}
