/// The host's side of the channel to the agent in a guest: commands, files and small requests.
///
/// It works on any stream of bytes in both directions (see ``GuestFrame`` for what goes over it):
/// give it what arrives with ``receive(_:)`` and tell it of the end with ``end()``, or let it drive
/// a ``ByteChannel``. Several operations may run at once. Garbage on the stream fails what runs
/// with a ``GuestAgentError`` and starts a new session.
@LoopActor
public final class CommandChannel {
    /// Notified when ``agent`` or ``hasEnded`` changes.
    public let changed = Broadcast()
    /// What the agent said of itself; nil while none is connected.
    public private(set) var agent: GuestAgentInfo?
    /// Whether the stream is over.
    public private(set) var hasEnded = false

    /// Whether an agent has answered in the present session.
    public var isConnected: Bool { agent != nil }

    private let transport: @LoopActor ([UInt8]) -> Void
    private let channel: ByteChannel?
    private var reader = GuestFrameReader()
    private var operations: [UInt32: any GuestOperation] = [:]
    private var lastID: UInt32 = 0
    private var sessionNumber = Cassette.sessionNumber()
    private var mismatch: GuestAgentError?
    /// What waits while the channel is held; nil where it is not.
    private var held: [[UInt8]]?

    /// Starts a session over a stream whose sending side is `send`, which queues and never waits.
    ///
    /// What is queued is bounded by the credits of the operations that run.
    public init(send: @escaping @LoopActor ([UInt8]) -> Void) {
        transport = send
        channel = nil
        send(GuestFrame.hello(number: sessionNumber))
    }

    /// Starts a session over `channel`, whose callbacks it takes.
    public init(_ channel: ByteChannel) {
        self.channel = channel
        transport = { [weak channel] in channel?.enqueue($0) }
        channel.onBytes = { [weak self] in self?.receive($0) }
        channel.onEnd = { [weak self] _ in self?.end() }
        if channel.hasEnded { hasEnded = true }
        send(GuestFrame.hello(number: sessionNumber))
    }

    /// Takes what the agent sent, however it was cut into pieces.
    public func receive(_ bytes: UnsafeRawBufferPointer) {
        // The handlers need the reader, so it is worked on outside of the property.
        var reader = self.reader
        reader.consume(bytes) { event in
            switch event {
            case .output(let stream, let id, let piece):
                if isConnected { operations[id]?.receive(stream, piece) }
            case .frame(.hello, _, let payload): greet(payload)
            case .frame(let kind, let id, let payload):
                if isConnected { operations[id]?.receive(kind, payload) }
            case .broken(let reason): startAnew(.streamBroken(reason))
            }
        }
        self.reader = reader
    }

    /// Ends everything because nothing will arrive any more.
    public func end() {
        guard !hasEnded else { return }
        hasEnded = true
        agent = nil
        failAll(.channelEnded)
        changed.notify()
    }

    /// Learns that nobody in the guest holds the port open any more.
    ///
    /// What the agent had sent may still be on its way, and another agent may take its place.
    func agentLeft() {
        let left = sessionNumber
        LoopActor.task { [weak self] in
            guard let self else { return }
            let isSettled = try? await changed.wait(until: .after(Self.farewell)) {
                self.hasEnded || self.sessionNumber != left
            }
            if isSettled == false, agent != nil { startAnew(.agentGone) }
        }
    }

    private static let farewell: Duration = .milliseconds(300)

    /// Waits for the agent.
    ///
    /// - Throws: ``GuestAgentError`` (`notConnected`, `channelEnded`, `versionMismatch`), or
    ///   `CancellationError`.
    public func waitUntilConnected(until deadline: Deadline) async throws {
        let started = Deadline.now
        let inTime = try await changed.wait(until: deadline) {
            isConnected || hasEnded || mismatch != nil
        }
        if hasEnded { throw GuestAgentError.channelEnded }
        if let mismatch { throw mismatch }
        guard inTime else { throw GuestAgentError.notConnected(waited: Deadline.now - started) }
    }

    /// Waits for the agent, and until the guest's own init has set its root up.
    ///
    /// - Throws: as ``waitUntilConnected(until:)``, and `rootNotReady`.
    public func waitUntilReady(until deadline: Deadline) async throws {
        let started = Deadline.now
        while true {
            try await waitUntilConnected(until: deadline)
            let inTime = try await changed.wait(until: deadline) {
                agent?.rootIsReady ?? true || hasEnded
            }
            guard inTime else { throw GuestAgentError.rootNotReady(waited: .now - started) }
            if isConnected || hasEnded { break }
        }
        if hasEnded { throw GuestAgentError.channelEnded }
    }

    private func greet(_ payload: UnsafeRawBufferPointer) {
        guard let number = payload.littleEndian(UInt64.self, at: 16),
            let version = payload.littleEndian(UInt32.self, at: 24)
        else { return }
        guard version == GuestFrame.version else {
            mismatch = .versionMismatch(got: version)
            failAll(.versionMismatch(got: version))
            return changed.notify()
        }
        mismatch = nil
        if number == sessionNumber {
            let info = GuestAgentInfo(hello: payload)
            guard agent != info else { return }
            agent = info
            changed.notify()
        } else if number == 0, isConnected {
            startAnew(.agentRestarted)
        } else if number == 0 {
            send(GuestFrame.hello(number: sessionNumber))
        }
    }

    private func startAnew(_ reason: GuestAgentError) {
        agent = nil
        sessionNumber = Cassette.sessionNumber()
        send(GuestFrame.hello(number: sessionNumber))
        failAll(reason)
        changed.notify()
    }

    private func failAll(_ error: GuestAgentError) {
        let failed = operations.values
        operations.removeAll()
        for operation in failed { operation.fail(error) }
    }
}

extension CommandChannel {
    func send(_ bytes: [UInt8]) {
        if held != nil {
            held?.append(bytes)
        } else if !hasEnded {
            transport(bytes)
        }
    }

    /// Lets nothing more out, and waits until the agent has taken all that is out: a snapshot must
    /// not cut a frame in two. Every call is to be followed by ``release()``.
    ///
    /// - Throws: ``GuestAgentError`` or `CancellationError`.
    func hold(until deadline: Deadline) async throws {
        guard isConnected else {
            held = held ?? []
            return
        }
        let request = GuestRequest()
        let id = register(request)
        defer { forget(id) }
        send(GuestFrame.encode(.ping, id: id))
        held = held ?? []
        let inTime = try await request.changed.wait(until: deadline) { request.answer != nil }
        guard inTime, let answer = request.answer else {
            throw GuestAgentError.notConnected(waited: .zero)
        }
        _ = try answer.get()
    }

    /// Lets out what has waited.
    func release() {
        let waiting = held ?? []
        held = nil
        for bytes in waiting { send(bytes) }
    }

    /// Gives an operation its id; frames with the id go to it until ``forget(_:)``.
    func register(_ operation: any GuestOperation) -> UInt32 {
        repeat { lastID = lastID == .max ? 1 : lastID + 1 } while operations[lastID] != nil
        operations[lastID] = operation
        return lastID
    }

    func forget(_ id: UInt32) {
        operations[id] = nil
    }
}

extension GuestAgentInfo {
    /// Reads the payload of the agent's hello; absent fields are zero.
    init(hello payload: UnsafeRawBufferPointer) {
        protocolVersion = payload.littleEndian(at: 24) ?? 0
        pageSize = Int(payload.littleEndian(UInt32.self, at: 28) ?? 0)
        processID = payload.littleEndian(at: 32) ?? 0
        elfMachine = payload.littleEndian(at: 36) ?? 0
        let release = payload.dropFirst(40).prefix(64).prefix { $0 != 0 }
        kernelRelease = String(decoding: release, as: UTF8.self)
        rootIsReady = payload.littleEndian(UInt32.self, at: 104) != 0
    }
}
