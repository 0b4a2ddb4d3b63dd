import CLinux
import Glibc

/// One wait's patterns, tried on a stream as it grows.
///
/// The match that begins first in the stream wins; of those that begin together, the pattern
/// named first. A match is taken only when no other pattern can still complete one that began
/// before it, so the result does not depend on how the stream was cut.
struct Expectation {
    enum Decision {
        case matched(ExpectResult)
        case tooMuchWork(pattern: String)
        /// Nothing yet; a pause in the output decides more where `isOpen`.
        case none(isOpen: Bool)
    }

    private struct KernelMatch {
        var entry: Int
        var position: Int
        var index: Int
        var range: Range<Int>
        var captures: [ExpectResult.Capture]
    }

    private var scans: [ProgramScan]
    private var nextEntry = 0
    private var kernelMatch: KernelMatch?

    init(_ patterns: [ConsolePattern], from start: Int) {
        scans = patterns.map { ProgramScan($0, from: start) }
    }

    /// Tries every pattern on what is new.
    ///
    /// - Parameter isFinal: whether the text counts as complete: the stream has ended or pauses.
    mutating func evaluate(_ stream: ConsoleStream, isFinal: Bool) -> Decision {
        searchKernel(stream)
        var best: (index: Int, found: ProgramScan.Found)?
        var open: (index: Int, from: Int)?
        for index in scans.indices where scans[index].pattern.scope != .kernel {
            switch scans[index].search(stream.window, isFinal: isFinal) {
            case .found(let found):
                if found.range.lowerBound < best?.found.range.lowerBound ?? .max {
                    best = (index, found)
                }
            case .open(let from):
                if from < open?.from ?? .max { open = (index, from) }
            case .none: break
            case .tooMuchWork: return .tooMuchWork(pattern: scans[index].pattern.source)
            }
        }
        let limit = kernelMatch?.position ?? .max
        if let best, best.found.range.lowerBound < limit {
            let start = best.found.range.lowerBound
            if let open, (open.from, open.index) < (start, best.index) {
                return .none(isOpen: true)
            }
            return .matched(take(best.found, best.index, stream))
        }
        guard let kernelMatch else { return .none(isOpen: open != nil) }
        if let open, open.from < limit { return .none(isOpen: true) }
        return .matched(take(kernelMatch, stream))
    }

    /// A kernel's line is complete when it gets here, so each is looked at once.
    private mutating func searchKernel(_ stream: ConsoleStream) {
        guard kernelMatch == nil else { return }
        let entries = stream.entries
        var offset = max(0, nextEntry - stream.droppedEntries)
        while offset < entries.count, kernelMatch == nil {
            kernelMatch = match(entries[offset], stream.droppedEntries + offset)
            offset += 1
        }
        nextEntry = stream.droppedEntries + offset
    }

    /// Whether it is worth a closer look: nearly every line of the kernel's is not.
    private func mayMatch(_ line: [UInt8]) -> Bool {
        scans.contains { scan in
            guard scan.pattern.scope != .program else { return false }
            guard case .literal(let needle) = scan.pattern.kind else { return true }
            return qlinux_memmem(line, line.count, needle, needle.count) != nil
        }
    }

    private func match(_ entry: ConsoleStream.KernelEntry, _ number: Int) -> KernelMatch? {
        guard mayMatch(entry.bytes) else { return nil }
        var line = ByteWindow(limit: entry.bytes.count)
        entry.bytes.withUnsafeBufferPointer { buffer in
            if let base = buffer.baseAddress { line.append(base, buffer.count) }
        }
        var best: KernelMatch?
        for (index, scan) in scans.enumerated() where scan.pattern.scope != .program {
            var search = ProgramScan(scan.pattern, from: entry.from)
            guard case .found(let found) = search.search(line, isFinal: true) else { continue }
            guard found.range.lowerBound < best?.range.lowerBound ?? .max else { continue }
            // An empty match in a line of the kernel's says nothing.
            guard !found.range.isEmpty else { continue }
            best = KernelMatch(
                entry: number, position: entry.position, index: index, range: found.range,
                captures: found.captures)
        }
        return best
    }

    private func take(
        _ found: ProgramScan.Found, _ index: Int, _ stream: ConsoleStream
    ) -> ExpectResult {
        let (start, end) = (found.range.lowerBound, found.range.upperBound)
        let result = ExpectResult(
            before: stream.window.bytes(stream.cursor..<start),
            isBeforeTruncated: stream.window.start > stream.cursor,
            match: stream.window.bytes(found.range), after: stream.after(end),
            captures: found.captures, index: index, elapsed: .zero, source: .program)
        let consumed = stream.entries.prefix { $0.position < end }.count
        stream.consume(to: end, entry: stream.droppedEntries + consumed)
        return result
    }

    private func take(_ match: KernelMatch, _ stream: ConsoleStream) -> ExpectResult {
        let bytes = stream.entries[match.entry - stream.droppedEntries].bytes
        let result = ExpectResult(
            before: stream.window.bytes(stream.cursor..<match.position),
            isBeforeTruncated: stream.window.start > stream.cursor,
            match: Array(bytes[match.range]), after: Array(bytes[match.range.upperBound...]),
            captures: match.captures, index: match.index, elapsed: .zero, source: .kernel)
        stream.consume(
            to: stream.startOfLine(before: match.position), entry: match.entry,
            offset: match.range.upperBound)
        return result
    }
}

extension ConsoleStream {
    /// As much of the text behind a match as results carry.
    private static let afterLimit = 4096

    fileprivate func after(_ end: Int) -> [UInt8] {
        window.bytes(end..<min(window.end, end + ConsoleStream.afterLimit))
    }

    /// Where the line that the kernel interrupted begins: it stays, a prompt may be in it.
    fileprivate func startOfLine(before position: Int) -> Int {
        let from = max(cursor, window.start)
        guard position > from,
            let hit = qlinux_memrchr(
                window.pointer(at: from), Int32(UInt8.lineFeed), position - from)
        else { return from }
        return from + (UnsafeRawPointer(hit) - UnsafeRawPointer(window.pointer(at: from))) + 1
    }
}
