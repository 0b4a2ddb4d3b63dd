/// Collects the kernel's reports of trouble from its lines, as they come.
struct PanicWatch {
    /// The reports so far, oldest first.
    private(set) var reports: [CrashReport] = []

    /// Longer reports are cut; an all-CPU backtrace has a few hundred lines.
    private static let maximumLines = 1000
    private static let maximumReports = 100
    /// Lines behind an end marker that a panic still claims as its own.
    private static let maximumTrail = 200

    private let fatal: Set<CrashKind>
    private let expected: [String]
    private var isOpen = false
    private var trail: [String] = []

    init(fatal: Set<CrashKind>, expected: [String]) {
        self.fatal = fatal
        self.expected = expected
    }

    /// Takes the kernel's next line.
    ///
    /// - Parameters:
    ///   - text: behind the stamp.
    ///   - whole: the line as a report shows it.
    ///   - number: of the line in the stream, from 1.
    /// - Returns: the event, and whether it ends a wait, where the line reports trouble.
    mutating func take(
        _ text: ArraySlice<UInt8>, whole: @autoclosure () -> String, number: Int
    ) -> (event: CrashEvent, isFatal: Bool)? {
        guard let (kind, detail) = CrashClassifier.classify(text) else {
            continueReport(text, whole)
            return nil
        }
        let event = CrashEvent(line: number, kind: kind, detail: detail)
        let isExpected = isExpected(kind, whole())
        begin(event, whole(), isExpected)
        return (event, fatal.contains(kind) && !isExpected)
    }

    /// Closes the report that is being collected: nothing has followed for a while.
    mutating func pause() {
        guard isOpen, let last = reports.indices.last else { return }
        reports[last].isComplete = true
        isOpen = false
        trail = []
    }

    private func isExpected(_ kind: CrashKind, _ line: String) -> Bool {
        expected.contains { $0 == kind.rawValue || line.contains($0) }
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
            if reports.count == PanicWatch.maximumReports { reports.removeFirst() }
            reports.append(CrashReport(events: [event], lines: [line], isExpected: isExpected))
        }
        trail = []
        isOpen = true
    }

    /// An oops is often followed by the panic that it causes, behind its own end marker.
    private var isFreshOops: Bool {
        (reports.last?.cause?.severity ?? .note) >= .oops && trail.count < PanicWatch.maximumTrail
    }

    private mutating func continueReport(_ text: ArraySlice<UInt8>, _ line: () -> String) {
        guard let last = reports.indices.last else { return }
        guard isOpen else {
            if trail.count < PanicWatch.maximumTrail { trail.append(line()) }
            return
        }
        append(line())
        let isEnd = text.starts(with: "---[ end ")
        if isEnd || reports[last].lines.count >= PanicWatch.maximumLines {
            reports[last].isComplete = isEnd
            reports[last].isTruncated = !isEnd
            isOpen = false
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
}
