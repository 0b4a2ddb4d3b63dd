import CLinux

/// When a machine passed from one phase of its start to the next, told from its console.
public struct ConsoleTimeline: Sendable, Equatable {
    /// What a machine is at.
    public enum Phase: String, Sendable, CaseIterable {
        /// From QEMU's start: the firmware, and the boot loader where there is one.
        case firmware
        /// The kernel unpacks itself. Where it says nothing of it, this is a part of `firmware`.
        case decompression
        /// From the beginning of the kernel's clock.
        case kernel
        /// From the start of the first program.
        case `init`
        /// From the first text of a program that the recipe waited for.
        case prompt
    }

    /// A phase that has begun.
    public struct Entry: Sendable, Equatable {
        /// What has begun.
        public var phase: Phase
        /// Since QEMU's start.
        public var start: Duration
        /// Nil for a phase that is not over.
        public var duration: Duration?
    }

    private let started: Deadline
    private var kernelStart: Deadline?
    private var decompressionStart: Deadline?
    private var initStart: Deadline?
    private var promptStart: Deadline?
    private var seen = 0

    init(started: Deadline) { self.started = started }

    /// Whether nothing more can come.
    var isComplete: Bool { promptStart != nil }

    /// Takes the kernel's newest lines, which have just come.
    mutating func take(_ log: KernelLog, at now: Deadline) {
        let total = log.dropped + log.lines.count
        guard total > seen else { return }
        for line in log.lines.suffix(total - seen) {
            // The line that came with the least delay tells best when its clock began.
            let start = now + .microseconds(-line.microseconds)
            if kernelStart.map({ start < $0 }) ?? true { kernelStart = max(start, started) }
            if initStart == nil, Self.names(line.text) {
                initStart = (kernelStart ?? started) + .microseconds(line.microseconds)
            }
        }
        seen = total
    }

    /// Takes the program's text before the kernel's first line.
    mutating func take(beforeKernel text: [UInt8], at now: Deadline) {
        guard kernelStart == nil, decompressionStart == nil else { return }
        let words = Self.decompressing
        if qlinux_memmem(text, text.count, words, words.count) != nil { decompressionStart = now }
    }

    /// "Decompressing Linux..." of arch/x86/boot/compressed/misc.c, "Uncompressing Linux..." of
    /// arch/arm/boot/compressed/misc.c.
    private static let decompressing = Array("compressing Linux".utf8)

    /// Takes a match in a program's text.
    mutating func takeMatch(at now: Deadline) {
        if promptStart == nil, initStart != nil { promptStart = now }
    }

    /// `init/main.c`, `run_init_process`.
    private static func names(_ text: [UInt8]) -> Bool {
        text.starts(with: "Run /".utf8) && text.count < 512
    }

    /// The phases that have begun, in their order.
    public var entries: [Entry] {
        let starts: [(Phase, Deadline?)] = [
            (.firmware, started), (.decompression, decompressionStart), (.kernel, kernelStart),
            (.`init`, initStart), (.prompt, promptStart),
        ]
        let known = starts.compactMap { phase, start in start.map { (phase, $0) } }
        return known.enumerated().map { index, item in
            let next = index + 1 < known.count ? known[index + 1].1 : nil
            return Entry(
                phase: item.0, start: item.1 - started, duration: next.map { $0 - item.1 })
        }
    }

    /// The phases as lines of a table: `kernel  0.412 s  1.903 s`.
    public var text: String {
        entries.map { entry in
            let name = entry.phase.rawValue
            let pad = String(repeating: " ", count: 14 - name.count)
            let length = entry.duration.map { "  \(Self.column($0))" } ?? ""
            return "  \(name)\(pad)\(Self.column(entry.start))\(length)\n"
        }.joined()
    }

    private static func column(_ duration: Duration) -> String {
        let milliseconds = Int(max(duration, .zero) / .milliseconds(1))
        let fraction = String(milliseconds % 1000 + 1000).dropFirst()
        let text = "\(milliseconds / 1000).\(fraction) s"
        return String(repeating: " ", count: max(0, 9 - text.count)) + text
    }
}
