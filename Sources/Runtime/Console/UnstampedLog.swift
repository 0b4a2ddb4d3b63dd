/// Reads a kernel's log whose lines carry no stamps (`CONFIG_PRINTK_TIME=n`), or a date in place
/// of one: `dmesg -T`, a journal, a syslog file.
///
/// Without a stamp anybody could have written the words, so more must speak for a crash: that the
/// whole is a kernel's log, or the lines that a crash prints next.
struct UnstampedLog {
    private(set) var events: [CrashEvent] = []
    private(set) var reports: [CrashReport] = []

    /// Within so many lines behind a crash comes the register dump or the stack.
    private static let reach = 40
    private static let banner = Array("Linux version ".utf8)
    private static let companions = [
        "CPU: ", "Hardware name: ", "Call Trace:", "Call trace:", "Kernel Offset: ",
        "---[ end ", "Rebooting in ", "Modules linked in:", "Mem-Info:", "Workqueue: ",
    ].map { Array($0.utf8) }

    init(_ bytes: [UInt8]) {
        let lines = UnstampedLog.lines(of: bytes)
        let isKernelLog = lines.contains { $0.starts(with: UnstampedLog.banner) }
        var watch = PanicWatch(fatal: [], expected: [], maximumReports: 100_000)
        for (index, line) in lines.enumerated() {
            let found = watch.take(
                line, whole: String(decoding: line, as: UTF8.self), number: index + 1, time: 0)
            if let found { events.append(found.event) }
        }
        watch.pause()
        reports = watch.reports
        guard !isKernelLog else { return }
        events.removeAll { !UnstampedLog.isConfirmed($0, lines) }
        let confirmed = events
        reports.removeAll { report in !report.events.contains { confirmed.contains($0) } }
    }

    private static func isConfirmed(_ event: CrashEvent, _ lines: [ArraySlice<UInt8>]) -> Bool {
        // The event's own line is lines[event.line - 1].
        lines[event.line..<min(lines.count, event.line + reach)].contains { line in
            companions.contains { line.starts(with: $0) }
        }
    }

    /// The lines, cleaned of escapes and of what a log puts before the kernel's words.
    private static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var from = 0
        var index = 0
        while index < bytes.count {
            defer { index += 1 }
            guard bytes[index] == .lineFeed || bytes[index] == .carriageReturn else { continue }
            lines.append(cleaned(bytes[from..<index]))
            if bytes[index] == .carriageReturn, index + 1 < bytes.count,
                bytes[index + 1] == .lineFeed
            {
                index += 1
            }
            from = index + 1
        }
        if from < bytes.count { lines.append(cleaned(bytes[from...])) }
        return lines
    }

    private static func cleaned(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let text = line.contains(.escape) ? Array(line).withoutEscapes[...] : line
        return withoutHead(text)
    }

    /// Without `<4>`, `[Mon Nov 23 02:35:57 2026] ` or `Nov 23 02:35:57 host kernel: `.
    static func withoutHead(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = line
        if text.first == UInt8(ascii: "<"), let end = text.prefix(4).firstIndex(of: 0x3E) {
            text = text[(end + 1)...]
        }
        if text.first == .bracket, let end = text.prefix(40).firstIndex(of: UInt8(ascii: "]")),
            text[..<end].count(where: { $0 == UInt8(ascii: ":") }) == 2, end + 1 < text.endIndex
        {
            return text[(end + 1)...].drop { $0 == .space }
        }
        let mark = Array(" kernel: ".utf8)
        let head = text.prefix(96)
        guard head.first?.isDigit == true || head.contains(UInt8(ascii: ":")) else { return text }
        for start in head.indices where head[start...].starts(with: mark) {
            return text[(start + mark.count)...]
        }
        return text
    }
}
