/// Collects the kernel's reports of trouble from its lines, as they come.
struct PanicWatch {
    /// The reports so far, oldest first.
    private(set) var reports: [CrashReport] = []

    /// Longer reports are cut; an all-CPU backtrace has a few hundred lines.
    private static let maximumLines = 1000
    /// Lines behind an end marker that a panic still claims as its own.
    private static let maximumTrail = 200
    /// Lines between a report's frame and the line that says what it is.
    private static let maximumPreface = 6
    /// A report is printed in one go: after a longer pause on the kernel's clock it is over.
    private static let gap: Int64 = 2_000_000
    /// The same behind the end of a stack, where most reports end without saying so.
    private static let gapBehindStack: Int64 = 300_000

    private let fatal: Set<CrashKind>
    private let expected: [String]
    private let maximumReports: Int
    private var isOpen = false
    private var isBehindStack = false
    private var lastTime: Int64 = 0
    private var trail: [String] = []
    private var preface: [String] = []

    init(fatal: Set<CrashKind>, expected: [String], maximumReports: Int = 100) {
        self.fatal = fatal
        self.expected = expected
        self.maximumReports = maximumReports
    }

    /// Takes the kernel's next line.
    ///
    /// - Parameters:
    ///   - text: behind the stamp.
    ///   - whole: the line as a report shows it.
    ///   - number: of the line in the stream, from 1.
    ///   - time: of the stamp, in microseconds.
    /// - Returns: the event, and whether it ends a wait, where the line reports trouble.
    mutating func take(
        _ text: ArraySlice<UInt8>, whole: @autoclosure () -> String, number: Int, time: Int64
    ) -> (event: CrashEvent, isFatal: Bool)? {
        closeAfterPause(time)
        guard let (kind, detail) = CrashClassifier.classify(text) else {
            continueReport(text, whole)
            return nil
        }
        let event = CrashEvent(line: number, kind: kind, detail: detail)
        let isExpected = isExpected(event, whole())
        begin(event, whole(), isExpected)
        return (event, fatal.contains(kind) && !isExpected)
    }

    /// Closes the report that is being collected: nothing has followed for a while.
    mutating func pause() {
        close()
        trail = []
    }

    private mutating func close() {
        guard isOpen, let last = reports.indices.last else { return }
        reports[last].isComplete = true
        isOpen = false
        isBehindStack = false
    }

    private mutating func closeAfterPause(_ time: Int64) {
        let gap = time - lastTime
        lastTime = time
        let limit = isBehindStack ? PanicWatch.gapBehindStack : PanicWatch.gap
        if isOpen, gap > limit, reports.last?.cause?.severity != .fatal { close() }
    }

    /// What an expected report brings with it is expected too: the trap behind a `BUG`.
    private func isExpected(_ event: CrashEvent, _ line: String) -> Bool {
        if let last = reports.last, isOpen, last.isExpected,
            event.severity <= last.cause?.severity ?? .note
        {
            return true
        }
        return expected.contains { $0 == event.kind.rawValue || line.contains($0) }
    }

    private mutating func begin(_ event: CrashEvent, _ line: String, _ isExpected: Bool) {
        let belongs = isOpen || (event.kind == .panic && isFreshOops)
        if belongs, let last = reports.indices.last {
            reports[last].events.append(event)
            for line in trail { append(line) }
            append(line)
            reports[last].isExpected = reports[last].isExpected && isExpected
            reports[last].isComplete = false
        } else {
            if reports.count == maximumReports { reports.removeFirst() }
            reports.append(
                CrashReport(events: [event], lines: preface + [line], isExpected: isExpected))
        }
        trail = []
        preface = []
        isOpen = true
        isBehindStack = false
    }

    /// An oops is often followed by the panic that it causes, behind its own end marker.
    private var isFreshOops: Bool {
        (reports.last?.cause?.severity ?? .note) >= .oops && trail.count < PanicWatch.maximumTrail
    }

    private mutating func continueReport(_ text: ArraySlice<UInt8>, _ line: () -> String) {
        let frame = Frame(text)
        if isOpen, closes(frame) { close() }
        if !isOpen, frame == .cutHere || frame == .rule {
            preface = [line()]
        } else if !preface.isEmpty {
            preface.append(line())
            if preface.count > PanicWatch.maximumPreface { preface = [] }
        }
        guard let last = reports.indices.last else { return }
        guard isOpen else {
            if trail.count < PanicWatch.maximumTrail { trail.append(line()) }
            return
        }
        append(line())
        if frame == .endOfStack { isBehindStack = true }
        if frame == .end || (frame == .rule && reports[last].isFramed) { close() }
        if reports[last].lines.count >= PanicWatch.maximumLines {
            reports[last].isTruncated = isOpen
            isOpen = false
        }
    }

    /// Whether a report that is open ends before this line.
    private func closes(_ frame: Frame?) -> Bool {
        switch frame {
        case .cutHere: reports.last?.cause?.severity != .fatal
        case .rule: reports.last?.isFramed == false && reports.last?.cause?.severity != .fatal
        default: false
        }
    }

    private mutating func append(_ line: String) {
        guard let last = reports.indices.last else { return }
        if reports[last].lines.count < PanicWatch.maximumLines {
            reports[last].lines.append(line)
        } else {
            reports[last].isTruncated = true
        }
    }

    /// What a line says of where reports begin and end.
    private enum Frame {
        /// `------------[ cut here ]------------`, on 32-bit ARM `8<--- cut here ---`
        case cutHere
        /// A line of `=`, above what lockdep and SLUB say, around what KASAN and its like say.
        case rule
        /// `---[ end trace 0000000000000000 ]---`, `---[ end Kernel panic - not syncing: … ]---`
        case end
        /// ` </TASK>`
        case endOfStack

        init?(_ text: ArraySlice<UInt8>) {
            guard let first = text.first else { return nil }
            switch first {
            case UInt8(ascii: "-") where text.starts(with: "------------[ cut here ]"),
                UInt8(ascii: "8") where text.starts(with: "8<--- cut here ---"):
                self = .cutHere
            case UInt8(ascii: "-") where text.starts(with: "---[ end "): self = .end
            case UInt8(ascii: "=") where text.count > 12 && text.allSatisfy { $0 == first }:
                self = .rule
            case .space where text.starts(with: " </TASK>"): self = .endOfStack
            default: return nil
            }
        }
    }
}

extension CrashReport {
    /// Whether a line of `=` ends it.
    fileprivate var isFramed: Bool {
        switch cause?.kind {
        case .kasan, .kmsan, .kcsan, .kfence: true
        default: false
        }
    }
}
