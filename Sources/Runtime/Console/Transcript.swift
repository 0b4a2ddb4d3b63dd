import Glibc
import SystemPackage

/// Everything that a console printed: on disk with its times, and the newest part in memory.
///
/// Two files, in the form that `scriptreplay(1)` plays: `console.log` holds the bytes as they
/// came; `console.timing` holds one line for each read, "seconds since the read before, a space,
/// how many bytes". Both are written within ``flushDelay`` of the bytes. A disk that is full or
/// gone stops the files, never the run: ``finding`` says so, and the memory goes on.
@LoopActor
public final class Transcript {
    /// The raw bytes; nil where the transcript is in memory only.
    public let path: FilePath?
    /// Bytes so far.
    public private(set) var count = 0
    /// What went wrong with the files, said once; nil while all is well.
    public private(set) var finding: String?
    /// Called once when ``finding`` is set.
    public var onFinding: ((String) -> Void)?

    /// How long bytes may wait for more before they are written.
    public static let flushDelay: Duration = .milliseconds(100)

    private static let flushSize = 64 * 1024
    private static let tailSize = 16 * 1024

    private var log: Int32 = -1
    private var timing: Int32 = -1
    private var pendingLog: [UInt8] = []
    private var pendingTiming: [UInt8] = []
    private var tail = ByteWindow(limit: Transcript.tailSize)
    private var last = Deadline.now
    private var timer: LoopTimer?

    /// Makes a transcript.
    ///
    /// - Parameter folder: where the two files go; nil keeps the newest part in memory only. A
    ///   folder that cannot be written to is a ``finding``, not an error.
    public init(folder: FilePath? = nil) {
        path = folder?.appending("console.log")
        guard let folder else { return }
        log = open(folder.appending("console.log"))
        timing = open(folder.appending("console.timing"))
    }

    isolated deinit { close() }

    /// Takes bytes that have just come.
    public func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
        count += bytes.count
        let kept = min(bytes.count, Transcript.tailSize)
        tail.append(base + bytes.count - kept, kept)
        tail.trim()
        guard log >= 0 else { return }
        note(bytes.count)
        if pendingLog.isEmpty, bytes.count >= Transcript.flushSize {
            write(log, bytes)
            flush()
        } else {
            pendingLog.append(contentsOf: bytes)
            if pendingLog.count >= Transcript.flushSize { flush() } else { flushSoon() }
        }
    }

    /// The newest lines, cleaned of escape sequences; bytes that are not UTF-8 are replaced.
    public func lastLines(_ limit: Int) -> [String] {
        let text = tail.bytes(tail.start..<tail.end).withoutEscapes
        var lines = text.split(separator: .lineFeed, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.suffix(limit).map { line in
            String(
                decoding: line.withoutLevel.filter { $0 != 0 && $0 != .carriageReturn },
                as: UTF8.self)
        }
    }

    /// The newest bytes, as they came.
    public func lastBytes(_ limit: Int) -> [UInt8] {
        tail.bytes(max(tail.start, tail.end - limit)..<tail.end)
    }

    /// Writes out what is pending.
    public func flush() {
        timer?.cancel()
        timer = nil
        pendingLog.withUnsafeBytes { write(log, $0) }
        pendingTiming.withUnsafeBytes { write(timing, $0) }
        pendingLog.removeAll(keepingCapacity: true)
        pendingTiming.removeAll(keepingCapacity: true)
    }

    /// Writes out what is pending and closes the files.
    public func close() {
        flush()
        if log >= 0 { _ = Glibc.close(log) }
        if timing >= 0 { _ = Glibc.close(timing) }
        log = -1
        timing = -1
    }

    private func note(_ count: Int) {
        let now = Deadline.now
        let microseconds = Int((now - last) / .microseconds(1))
        last = now
        let fraction = String(microseconds % 1_000_000 + 1_000_000).dropFirst()
        let line = "\(microseconds / 1_000_000).\(fraction) \(count)\n"
        pendingTiming.append(contentsOf: line.utf8)
    }

    private func flushSoon() {
        guard timer == nil else { return }
        timer = EventLoop.shared.at(.after(Transcript.flushDelay)) { [weak self] in self?.flush() }
    }

    private func open(_ path: FilePath) -> Int32 {
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
        let descriptor = path.withPlatformString { Glibc.open($0, flags, 0o600) }
        if descriptor < 0 { report(path, errno) }
        return descriptor
    }

    private func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while descriptor >= 0, finding == nil, let base = rest.baseAddress, rest.count > 0 {
            let written = Glibc.write(descriptor, base, rest.count)
            if written > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            } else if errno != EINTR {
                report(path ?? "", errno)
            }
        }
    }

    private func report(_ path: FilePath, _ code: Int32) {
        guard finding == nil else { return }
        let text =
            "transcript `\(path)`: cannot write: \(Errno(rawValue: code)); "
            + "the newest \(Transcript.tailSize / 1024) KiB stay in memory"
        finding = text
        onFinding?(text)
    }
}
