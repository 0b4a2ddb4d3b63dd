import SystemPackage

/// A serial console: reads always, keeps everything, waits for text and types.
///
/// Bytes come in through ``receive(_:)`` and ``end(_:)``, from a ``ByteChannel`` or from a test;
/// keystrokes go out through a ``ByteTransport``.
@LoopActor
public final class Console {
    /// What it keeps and what ends its waits.
    public let configuration: ConsoleConfiguration
    /// Everything that was printed.
    public let transcript: Transcript
    /// Says in a few words how the machine is, for the notes of errors.
    public var describeState: (() -> String?)?
    /// How much longer limits are than the recipe says, what the kernel turned out to be left out.
    public var baseScale = TimeScale()
    /// Told where a wait succeeded only because limits are longer than the recipe says.
    public var onScaledWait: ((String) -> Void)?
    /// When the machine passed from one phase of its start to the next.
    public internal(set) var timeline = ConsoleTimeline(started: .now)
    /// Told in words what is waited for, before it is.
    var onDecision: ((String) -> Void)?
    /// Called for each line by which the kernel reports trouble.
    public var onCrashEvent: ((CrashEvent) -> Void)?
    /// Whether the stream has ended.
    public private(set) var hasEnded = false

    let stream: ConsoleStream
    let changed = Broadcast()
    var wait: ConsoleWait?
    /// When the last output came.
    var lastOutput = Deadline.now
    /// The last line typed, and where in the program's text it was typed.
    var lastTyped: (text: String, position: Int)?
    /// A report that has not ended a wait yet.
    var undelivered: CrashReport?
    var crashTimer: LoopTimer?
    /// What the shell on this console can do, once asked.
    var shellWay: ConsoleShell.Way?
    private(set) var transport: (any ByteTransport)?
    private var pauseTimer: LoopTimer?
    private var subscribers: [Int: (UnsafeRawBufferPointer) -> Void] = [:]
    private var nextSubscriber = 0

    /// Makes a console.
    public init(
        configuration: ConsoleConfiguration = ConsoleConfiguration(), transcript: Transcript
    ) {
        self.configuration = configuration
        self.transcript = transcript
        stream = ConsoleStream(configuration)
        stream.onEvent = { [weak self] event, isFatal in self?.note(event, isFatal) }
    }

    /// Reads from a channel and types into it.
    public func attach(_ channel: ByteChannel) {
        transport = channel
        channel.onBytes = { [weak self] in self?.receive($0) }
        channel.onEnd = { [weak self] in self?.end($0) }
    }

    /// Types into `transport` from now on; output is brought to ``receive(_:)`` by the caller.
    public func connect(_ transport: any ByteTransport) { self.transport = transport }

    /// Takes bytes that the guest printed.
    public func receive(_ bytes: UnsafeRawBufferPointer) {
        guard !hasEnded, bytes.count > 0 else { return }
        lastOutput = .now
        transcript.append(bytes)
        for subscriber in subscribers.values { subscriber(bytes) }
        stream.feed(bytes)
        noteTimeline()
        wait?.count(bytes.count)
        attempt(isFinal: false)
        stream.trim()
        if pauseTimer == nil { watchForPause(at: lastOutput + configuration.pause) }
    }

    /// Takes the end of the stream: the guest is gone.
    public func end(_ error: Errno? = nil) {
        guard !hasEnded else { return }
        hasEnded = true
        pauseTimer?.cancel()
        stream.finish()
        noteUnstamped(isEnd: true)
        transcript.flush()
        attempt(isFinal: true)
        finishCrash()
        if let wait, wait.outcome == nil { resolve(.failure(.ended(failure(of: wait)))) }
        changed.notify()
    }

    private func noteTimeline() {
        guard !timeline.isComplete else { return }
        if !stream.log.hasStamps {
            let from = max(stream.cursor, stream.window.start, stream.window.end - 512)
            timeline.take(
                beforeKernel: stream.window.bytes(from..<stream.window.end), at: lastOutput)
        }
        timeline.take(stream.log, at: lastOutput)
    }

    /// Calls `body` with all output from now on; the buffer is valid during the call only.
    ///
    /// - Returns: what ``unsubscribe(_:)`` takes.
    public func subscribe(_ body: @escaping (UnsafeRawBufferPointer) -> Void) -> Int {
        nextSubscriber += 1
        subscribers[nextSubscriber] = body
        return nextSubscriber
    }

    /// Ends the calls.
    public func unsubscribe(_ subscriber: Int) { subscribers[subscriber] = nil }

    /// The newest lines of the kernel's log, as far as the console showed them.
    public var dmesg: [KernelLine] { Array(stream.log.lines.suffix(configuration.kernelLines)) }

    /// The kernel's reports of trouble so far, expected ones included.
    public var reports: [CrashReport] { stream.watch.reports }

    /// Notes that the guest was reset, so that its kernel's clock begins again.
    public func noteReset() { stream.noteReset() }

    /// How much longer limits are than the recipe says.
    public var timeScale: TimeScale { baseScale.withDebugFeature(stream.debugFeature) }

    /// What the program printed since the last match, and nothing has consumed.
    public var unmatched: [UInt8] { stream.window.bytes(stream.cursor..<stream.window.end) }

    private func watchForPause(at deadline: Deadline, after confirmed: Deadline? = nil) {
        pauseTimer = EventLoop.shared.at(deadline) { [weak self] in
            guard let self, !hasEnded else { return }
            let due = lastOutput + configuration.pause
            guard due.hasPassed else { return watchForPause(at: due) }
            // Where the loop was held up, bytes may be waiting: it reads once more before this.
            guard confirmed == lastOutput else {
                return watchForPause(at: .after(.milliseconds(1)), after: lastOutput)
            }
            pauseTimer = nil
            stream.notePause()
            noteUnstamped(isEnd: false)
            stream.withHeldText { self.attempt(isFinal: true) }
        }
    }
}
