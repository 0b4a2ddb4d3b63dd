/// QEMU's machine protocol (QMP) over a socket that QEMU inherited.
///
/// Reading never stops, so that QEMU never blocks on an event; every command has a limit.
@LoopActor
public final class QMPClient {
    /// Notified at every message and at the end.
    public let changed = Broadcast()
    /// QEMU's version, once it has greeted.
    public private(set) var version: [Int]?
    /// The events so far, the oldest dropped beyond ``eventLimit``.
    public private(set) var events: [QMPEvent] = []
    /// How many events there were, dropped ones included.
    public private(set) var eventCount = 0
    /// Called at every event, before waits wake.
    public var onEvent: (@LoopActor (QMPEvent) -> Void)?
    /// Whether nothing more will come.
    public private(set) var hasEnded = false
    /// What was received instead of QMP.
    public private(set) var failure: QMPError?

    /// How many events are kept.
    public static let eventLimit = 256
    /// The longest line taken: `query-qmp-schema` returns 200 KB.
    static let lineLimit = 4 << 20

    private enum Answer {
        case result(JSONValue)
        case failure(kind: String, description: String)
    }

    private let channel: ByteChannel
    private var line: [UInt8] = []
    private var lastID: Int64 = 0
    private var pending: Set<Int64> = []
    private var answers: [Int64: Answer] = [:]
    /// By an event's name, the number from which on it has not been returned by a wait.
    var taken: [String: Int] = [:]

    /// Reads from `channel`, whose callbacks it takes.
    public init(_ channel: ByteChannel) {
        self.channel = channel
        channel.onBytes = { [weak self] in self?.receive($0) }
        channel.onEnd = { [weak self] _ in self?.end() }
        if channel.hasEnded { hasEnded = true }
    }

    /// Waits for QEMU's greeting and leaves negotiation mode.
    ///
    /// - Throws: ``QMPError`` or `CancellationError`.
    public func handshake(until deadline: Deadline) async throws {
        let start = Deadline.now
        let inTime = try await changed.wait(until: deadline) { self.version != nil || hasEnded }
        if let failure { throw failure }
        guard version != nil else {
            throw inTime
                ? QMPError.ended(command: "greeting")
                : QMPError.timedOut(command: "greeting", after: Deadline.now - start)
        }
        _ = try await execute("qmp_capabilities", until: deadline)
    }

    /// Runs a command and waits for what it returns.
    ///
    /// - Parameter descriptor: goes to QEMU with the command (`getfd`).
    /// - Throws: ``QMPError`` or `CancellationError`.
    @discardableResult
    public func execute(
        _ command: String, _ arguments: JSONValue = [:], with descriptor: Int32? = nil,
        until deadline: Deadline
    ) async throws -> JSONValue {
        if let failure { throw failure }
        if hasEnded { throw QMPError.ended(command: command) }
        let start = Deadline.now
        lastID += 1
        let id = lastID
        let message: JSONValue = [
            "execute": .string(command), "arguments": arguments, "id": .integer(id),
        ]
        pending.insert(id)
        defer {
            pending.remove(id)
            answers[id] = nil
        }
        let line = message.bytes + [0x0a]
        if let descriptor {
            try await channel.write(line, with: descriptor, until: deadline)
        } else {
            channel.enqueue(line)
        }
        let inTime = try await changed.wait(until: deadline) { answers[id] != nil || hasEnded }
        switch answers[id] {
        case .result(let value): return value
        case .failure(let kind, let description):
            throw QMPError.refused(command: command, kind: kind, description: description)
        case nil:
            if let failure { throw failure }
            throw inTime
                ? QMPError.ended(command: command)
                : QMPError.timedOut(command: command, after: Deadline.now - start)
        }
    }

    /// Whether an event has come, the dropped ones not counted.
    public func hasSeen(_ event: String) -> Bool {
        events.contains { $0.name == event }
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) {
        guard !hasEnded else { return }
        var rest = bytes[...]
        while let newline = rest.firstIndex(of: 0x0a) {
            line.append(contentsOf: rest[..<newline])
            rest = rest[(newline + 1)...]
            let whole = line
            line.removeAll(keepingCapacity: true)
            guard take(whole) else { return }
        }
        line.append(contentsOf: rest)
        if line.count > Self.lineLimit { fail(line) }
    }

    private func take(_ line: [UInt8]) -> Bool {
        if line.allSatisfy({ $0 == 0x0d || $0 == 0x20 }) { return true }
        guard let message = QMPMessage(line: line) else {
            fail(line)
            return false
        }
        switch message {
        case .greeting(let version): self.version = version
        case .result(let id, let value): answer(id, .result(value))
        case .failure(let id, let kind, let description):
            answer(id, .failure(kind: kind, description: description))
        case .event(let event): note(event)
        }
        changed.notify()
        return true
    }

    // An answer to a command whose wait has ended is dropped.
    private func answer(_ id: Int64?, _ answer: Answer) {
        if let id, pending.contains(id) { answers[id] = answer }
    }

    private func note(_ event: QMPEvent) {
        eventCount += 1
        if events.count == Self.eventLimit { events.removeFirst() }
        events.append(event)
        onEvent?(event)
    }

    private func fail(_ line: [UInt8]) {
        let start = String(decoding: line.prefix(80), as: UTF8.self)
        failure = .garbage(start.filter { !$0.isNewline })
        end()
    }

    private func end() {
        guard !hasEnded else { return }
        hasEnded = true
        line = []
        changed.notify()
    }
}
