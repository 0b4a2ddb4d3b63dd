import Glibc

/// Takes a console's raw bytes apart: the program's text, the kernel's lines, what they report.
///
/// Pure: no clock, no descriptor. Whatever it holds at the end depends on the bytes alone, not on
/// how they were cut.
final class ConsoleStream {
    /// A line of the kernel that patterns may still match.
    struct KernelEntry {
        /// Where in the program's text the kernel wrote it.
        var position: Int
        /// Stamp, text and LF.
        var bytes: [UInt8]
        /// Where matching goes on in it.
        var from = 0
    }

    private struct OpenLine {
        var stamp: PrintkStamp
        var raw: [UInt8]
        var number: Int
        /// Whether the program's text has it already, because nothing followed for a while.
        var isReleased = false
    }

    /// The kernel's records have at most 1 KiB of text (`LOG_LINE_MAX`, `PRINTKRB_RECORD_MAX`).
    private static let maximumLine = 4096

    /// The program's text, cleaned, from the end of the last match on.
    var window: ByteWindow
    /// The end of the last match.
    private(set) var cursor = 0
    private(set) var entries: [KernelEntry] = []
    /// How many entries were dropped from the front of `entries`.
    private(set) var droppedEntries = 0
    private(set) var log: KernelLog
    private(set) var watch: PanicWatch
    /// What makes this kernel slow, where it was built to find bugs: `kasan`.
    private(set) var debugFeature: String?
    /// Every event in the order of the stream.
    var onEvent: ((CrashEvent, _ isFatal: Bool) -> Void)?

    private let configuration: ConsoleConfiguration
    private let reportsReplays: Bool
    private var separator = StreamSeparator()
    private var filter = EscapeFilter()
    private var counter = LineCounter()
    private var openLine: OpenLine?
    private var entryBytes = 0
    /// Whether the kernel that runs has printed a level.
    private var hasLevels = false

    /// - Parameter reportsReplays: whether lines that `dmesg` repeats count as events again.
    init(_ configuration: ConsoleConfiguration, reportsReplays: Bool = false) {
        self.configuration = configuration
        self.reportsReplays = reportsReplays
        window = ByteWindow(limit: configuration.window)
        log = KernelLog(limit: configuration.kernelLines)
        watch = PanicWatch(
            fatal: configuration.fatal, expected: configuration.expected,
            maximumReports: reportsReplays ? 100_000 : 100)
    }

    /// Takes the next bytes.
    func feed(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
        var separator = separator
        separator.feed(base, bytes.count) { take($0) }
        self.separator = separator
    }

    /// Takes the end of the stream: nothing is held back any more.
    func finish() {
        var separator = separator
        separator.finish { take($0) }
        self.separator = separator
        finishLine()
        filter.finish(into: &window)
        watch.pause()
    }

    /// Drops what does not fit the window.
    func trim() { window.trim() }

    /// How many lines there were, of a stream that has ended with `last`.
    func lineCount(endsWith last: UInt8?) -> Int {
        switch last {
        case nil, .lineFeed, .carriageReturn: counter.line - 1
        default: counter.line
        }
    }

    /// Text that may yet become the stamp of a line of the kernel's.
    var undecided: [UInt8] { openLine == nil ? separator.held : [] }

    /// Notes that something was typed.
    func noteInput() { log.hasInput = true }

    /// Notes that the guest was reset.
    func noteReset() {
        log.restart()
        hasLevels = false
    }

    /// Notes that nothing has come for a while.
    func notePause() { watch.pause() }

    /// Runs `attempt` on the text with what is held back added, and keeps the addition where the
    /// attempt succeeds.
    func withHeldText(_ attempt: () -> Bool) {
        let (end, saved) = (window.end, filter)
        let held = openLine.map { $0.isReleased ? [] : $0.raw } ?? separator.held
        held.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            filter.feed(base, buffer.count, into: &window)
        }
        filter.finish(into: &window)
        if attempt() {
            if openLine != nil { openLine?.isReleased = true } else { separator.discard() }
        } else {
            window.removeBack(to: end)
            filter = saved
        }
    }

    private func take(_ token: StreamSeparator.Token) {
        switch token {
        case .text(let bytes, let count):
            counter.advance(bytes, count)
            takeText(bytes, count)
        case .stamp(let bytes, let stamp) where isOfProgram(stamp):
            counter.advance(bytes, stamp.length)
            takeText(bytes, stamp.length)
        case .stamp(let bytes, let stamp):
            finishLine()
            let raw = Array(UnsafeBufferPointer(start: bytes, count: stamp.length))
            openLine = OpenLine(stamp: stamp, raw: raw, number: counter.line)
            counter.advance(bytes, stamp.length)
        }
    }

    /// Whether the kernel cannot have printed it.
    private func isOfProgram(_ stamp: PrintkStamp) -> Bool {
        guard configuration.showsLevels else { return false }
        if stamp.level != nil { hasLevels = true }
        // Time 0 is another kernel's that starts, by kexec, with parameters of its own.
        if stamp.level == nil, stamp.microseconds == 0 { hasLevels = false }
        return hasLevels && stamp.level == nil
    }

    private func takeText(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        guard openLine != nil else { return program(bytes, count) }
        let hit = memchr(bytes, Int32(UInt8.lineFeed), count)
        let length = hit.map { UnsafeRawPointer($0) - UnsafeRawPointer(bytes) + 1 } ?? count
        openLine?.raw.append(contentsOf: UnsafeBufferPointer(start: bytes, count: length))
        if openLine?.isReleased == true { program(bytes, length) }
        if hit != nil {
            finishLine()
        } else if let line = openLine, line.raw.count > ConsoleStream.maximumLine {
            openLine = nil
            log.programSpoke = true
            if !line.isReleased { text(line.raw) }
        }
        if length < count { takeText(bytes + length, count - length) }
    }

    private func text(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            filter.feed(base, buffer.count, into: &window)
        }
    }

    private func program(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        log.programSpoke = true
        filter.feed(bytes, count, into: &window)
    }
}

extension ConsoleStream {
    /// Forgets what a match has consumed.
    ///
    /// - Parameters:
    ///   - position: the program's text before it is gone.
    ///   - entry: the kernel's lines before this one (counted from the first ever) are gone.
    ///   - offset: the text of that line before this offset is gone.
    func consume(to position: Int, entry: Int, offset: Int = 0) {
        cursor = max(cursor, position)
        window.removeFront(to: cursor)
        dropEntries(max(0, entry - droppedEntries))
        if offset > 0, !entries.isEmpty { entries[0].from = offset }
    }

    private func dropEntries(_ count: Int) {
        for entry in entries.prefix(count) { entryBytes -= entry.bytes.count }
        droppedEntries += min(count, entries.count)
        entries.removeFirst(min(count, entries.count))
    }

    private func finishLine() {
        guard let open = openLine else { return }
        openLine = nil
        let body = open.raw.withoutLineEnd[open.stamp.length...]
        let cleaned = body.contains(.escape) ? Array(body).withoutEscapes[...] : body
        let line = KernelLine(
            microseconds: open.stamp.microseconds, level: open.stamp.level,
            caller: open.stamp.caller.map { String(decoding: open.raw[$0], as: UTF8.self) },
            text: Array(cleaned))
        let origin = log.take(line)
        if debugFeature == nil { debugFeature = DebugKernel.feature(in: cleaned) }
        if !open.isReleased { origin == .kernel ? keep(open, cleaned) : text(open.raw) }
        guard origin != .replay || reportsReplays else { return }
        let stamp = open.raw[open.stamp.levelLength..<open.stamp.length]
        let found = watch.take(
            reportsReplays ? UnstampedLog.withoutHead(cleaned) : cleaned,
            whole: String(decoding: stamp + cleaned, as: UTF8.self), number: open.number,
            time: open.stamp.microseconds)
        if let found { onEvent?(found.event, found.isFatal) }
    }

    private func keep(_ open: OpenLine, _ text: ArraySlice<UInt8>) {
        var bytes = Array(open.raw[open.stamp.levelLength..<open.stamp.length])
        bytes.append(contentsOf: text)
        bytes.append(.lineFeed)
        entryBytes += bytes.count
        entries.append(KernelEntry(position: window.end, bytes: bytes))
        guard entryBytes > configuration.kernelWindow * 2 else { return }
        var dropped = 0
        var left = entryBytes
        while left > configuration.kernelWindow, dropped < entries.count - 1 {
            left -= entries[dropped].bytes.count
            dropped += 1
        }
        dropEntries(dropped)
    }
}

extension [UInt8] {
    fileprivate var withoutLineEnd: ArraySlice<UInt8> {
        var slice = self[...]
        if slice.last == .lineFeed { slice.removeLast() }
        while slice.last == .carriageReturn { slice.removeLast() }
        return slice
    }

    /// The text without escape sequences, CR LF folded.
    var withoutEscapes: [UInt8] {
        var window = ByteWindow(limit: Swift.max(count, 1))
        var filter = EscapeFilter()
        withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            filter.feed(base, buffer.count, into: &window)
        }
        filter.finish(into: &window)
        return window.bytes(0..<window.end)
    }
}
