import SystemPackage

/// Something that the agent works on under an id: a program, a file transfer or a short request.
@LoopActor
protocol GuestOperation: AnyObject {
    /// Takes a piece of output, valid during the call only.
    func receive(_ stream: GuestStream, _ bytes: UnsafeRawBufferPointer)
    /// Takes a frame; one that makes no sense here is ignored.
    func receive(_ kind: GuestFrame.Kind, _ payload: UnsafeRawBufferPointer)
    /// Ends the operation because its channel cannot go on.
    func fail(_ error: GuestAgentError)
}

/// A request that the agent answers with an error number and nothing else.
@LoopActor
final class GuestRequest: GuestOperation {
    private(set) var answer: Result<Errno?, GuestAgentError>?
    let changed = Broadcast()

    func receive(_ stream: GuestStream, _ bytes: UnsafeRawBufferPointer) {}

    func receive(_ kind: GuestFrame.Kind, _ payload: UnsafeRawBufferPointer) {
        guard kind == .reply, let number = payload.littleEndian(Int32.self, at: 0) else { return }
        answer = .success(number == 0 ? nil : Errno(rawValue: number))
        changed.notify()
    }

    func fail(_ error: GuestAgentError) {
        answer = .failure(error)
        changed.notify()
    }
}

extension CommandChannel {
    /// Sets the guest's real-time clock, to `seconds` and `nanoseconds` since 1970.
    ///
    /// - Throws: ``GuestAgentError`` or `CancellationError`.
    public func setClock(
        seconds: Int64, nanoseconds: Int64, until deadline: Deadline
    ) async throws {
        var payload: [UInt8] = []
        payload.append(littleEndian: seconds)
        payload.append(littleEndian: nanoseconds)
        try await request(.setClock, payload, action: "setting the clock", until: deadline)
    }

    /// Mixes `entropy` (at most 512 bytes are used) into the guest's random generator and makes it
    /// start from a new seed, so that clones of one snapshot differ.
    ///
    /// - Throws: ``GuestAgentError`` or `CancellationError`.
    public func reseed(_ entropy: [UInt8], until deadline: Deadline) async throws {
        try await request(
            .reseed, Array(entropy.prefix(512)), action: "adding entropy", until: deadline)
    }

    /// Sets the size of the terminal behind the guest's `/dev/console`.
    ///
    /// - Throws: ``GuestAgentError`` or `CancellationError`.
    public func resize(rows: UInt16, columns: UInt16, until deadline: Deadline) async throws {
        var payload: [UInt8] = []
        payload.append(littleEndian: rows)
        payload.append(littleEndian: columns)
        try await request(.resize, payload, action: "setting the window size", until: deadline)
    }

    /// Waits for one answer of the agent, once it is connected.
    ///
    /// - Throws: ``GuestAgentError`` or `CancellationError`.
    public func ping(until deadline: Deadline) async throws {
        try await request(.ping, [], action: "asking the agent", until: deadline)
    }

    private func request(
        _ kind: GuestFrame.Kind, _ payload: [UInt8], action: String, until deadline: Deadline
    ) async throws {
        let started = Deadline.now
        try await waitUntilConnected(until: deadline)
        let request = GuestRequest()
        let id = register(request)
        defer { forget(id) }
        send(GuestFrame.encode(kind, id: id, payload))
        let inTime = try await request.changed.wait(until: deadline) { request.answer != nil }
        guard inTime, let answer = request.answer else {
            throw GuestAgentError.notConnected(waited: Deadline.now - started)
        }
        if let errno = try answer.get() {
            throw GuestAgentError.refused(action: action, errno)
        }
    }
}
