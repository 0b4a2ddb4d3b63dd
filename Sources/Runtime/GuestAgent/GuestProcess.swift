import SystemPackage

/// A command or file transfer under way in a guest.
@LoopActor
public final class GuestProcess: GuestOperation {
    private enum Ending {
        case exited(code: UInt32, signal: UInt32)
        case failed(any Error)
    }

    private let channel: CommandChannel
    private let request: GuestStartRequest
    private let started = Deadline.now
    private let changed = Broadcast()
    private var id: UInt32 = 0
    private var ending: Ending?
    private var result = GuestResult()
    /// Output on its way to the receiver, bounded by the credit.
    private var queue: [(stream: GuestStream, bytes: [UInt8])] = []
    private var owedCredit = 0
    private var inputCredit = GuestFrame.inputWindow
    private var pendingInput: ArraySlice<UInt8> = []
    private var inputIsComplete = false
    private var feeder: Task<Void, Never>?

    init(_ request: GuestStartRequest, on channel: CommandChannel) throws(GuestAgentError) {
        self.channel = channel
        self.request = request
        let payload = try request.payload()
        id = channel.register(self)
        channel.send(GuestFrame.encode(.start, id: id, payload))
        startInput()
    }

    /// Whether the command has ended; its output may still have to be delivered.
    public var hasEnded: Bool { ending != nil }

    /// Sends a signal to the command's process group, or to the program that moves a file.
    public func send(signal: Int32) {
        guard ending == nil else { return }
        channel.send(GuestFrame.encode(.signal, id: id, words: UInt32(bitPattern: signal)))
    }

    /// Kills the command and everything in its process group, without waiting.
    public func cancel() {
        guard ending == nil else { return }
        channel.send(GuestFrame.encode(.cancel, id: id))
        end(.failed(CancellationError()))
    }

    /// Delivers output until the command has ended.
    ///
    /// - Throws: ``GuestAgentError``, what the receiver or the source of the input threw, or
    ///   `CancellationError`. The command does not run any more then.
    public func finish(until deadline: Deadline) async throws -> GuestResult {
        defer { cancel() }
        while true {
            let inTime = try await changed.wait(until: deadline) {
                !queue.isEmpty || ending != nil
            }
            guard inTime else { throw timeOut(deadline) }
            try await deliverQueue()
            guard queue.isEmpty, let ending else { continue }
            if case .failed(let error) = ending { throw error }
            return result
        }
    }

    private func deliverQueue() async throws {
        let pieces = queue
        queue.removeAll(keepingCapacity: true)
        for piece in pieces {
            try await request.onOutput?(piece.stream, piece.bytes)
            giveBack(piece.bytes.count)
        }
    }

    private func timeOut(_ deadline: Deadline) -> GuestAgentError {
        let written = result.stderr.isEmpty ? result.stdout : result.stderr
        let lines = String(decoding: written.suffix(2048), as: UTF8.self)
            .split(whereSeparator: \.isNewline).suffix(5)
        return .timedOut(
            command: request.summary, limit: deadline - started,
            tail: lines.joined(separator: "\n"))
    }
}

// MARK: - What the agent sends

extension GuestProcess {
    func receive(_ stream: GuestStream, _ bytes: UnsafeRawBufferPointer) {
        guard ending == nil else { return }
        if request.onOutput != nil {
            queue.append((stream, Array(bytes)))
            return changed.notify()
        }
        switch stream {
        case .stdout: result.stdout.append(contentsOf: bytes)
        case .stderr: result.stderr.append(contentsOf: bytes)
        }
        if result.stdout.count + result.stderr.count > request.outputLimit {
            channel.send(GuestFrame.encode(.cancel, id: id))
            let error = GuestAgentError.outputTooLong(
                command: request.summary, limit: request.outputLimit)
            return end(.failed(error))
        }
        giveBack(bytes.count)
    }

    func receive(_ kind: GuestFrame.Kind, _ payload: UnsafeRawBufferPointer) {
        guard ending == nil, let first = payload.littleEndian(UInt32.self, at: 0) else { return }
        let second = payload.littleEndian(UInt32.self, at: 4) ?? 0
        switch kind {
        case .exit:
            result.code = second == 0 ? Int32(bitPattern: first) : nil
            result.signal = second == 0 ? nil : Int32(bitPattern: second)
            end(.exited(code: first, signal: second))
        case .failed:
            let errno = Errno(rawValue: Int32(bitPattern: first))
            end(.failed(request.error(errno, at: GuestFrame.Stage(rawValue: second))))
        case .inputCredit:
            // A broken agent must not make the sum overflow.
            inputCredit = min(inputCredit + Int(first), GuestFrame.inputWindow)
            pumpInput()
        default: break
        }
    }

    func fail(_ error: GuestAgentError) {
        end(.failed(error))
    }

    private func end(_ ending: Ending) {
        guard self.ending == nil else { return }
        self.ending = ending
        channel.forget(id)
        feeder?.cancel()
        feeder = nil
        pendingInput = []
        changed.notify()
    }

    private func giveBack(_ count: Int) {
        owedCredit += count
        guard ending == nil, owedCredit >= GuestFrame.outputWindow / 4 else { return }
        channel.send(GuestFrame.encode(.outputCredit, id: id, words: UInt32(owedCredit)))
        owedCredit = 0
    }
}

// MARK: - Input

extension GuestProcess {
    private func startInput() {
        switch request.input {
        case .none:
            inputIsComplete = true
            pumpInput()
        case .bytes(let bytes):
            pendingInput = bytes[...]
            inputIsComplete = true
            pumpInput()
        case .source(let source):
            feeder = LoopActor.task { [weak self] in await self?.feed(from: source) }
        }
    }

    private func feed(from source: @LoopActor () async throws -> [UInt8]) async {
        do {
            while ending == nil {
                let piece = try await source()
                pendingInput = piece[...]
                inputIsComplete = piece.isEmpty
                pumpInput()
                if piece.isEmpty { return }
                _ = try await changed.wait(until: .never) { pendingInput.isEmpty || ending != nil }
            }
        } catch {
            guard ending == nil else { return }
            channel.send(GuestFrame.encode(.cancel, id: id))
            end(.failed(error))
        }
    }

    private func pumpInput() {
        guard ending == nil else { return }
        while !pendingInput.isEmpty, inputCredit > 0 {
            let piece = pendingInput.prefix(min(inputCredit, GuestFrame.inputPiece))
            pendingInput = pendingInput.dropFirst(piece.count)
            inputCredit -= piece.count
            channel.send(GuestFrame.encode(.input, id: id, piece))
        }
        guard pendingInput.isEmpty else { return }
        if inputIsComplete {
            inputIsComplete = false
            channel.send(GuestFrame.encode(.inputEnd, id: id))
        }
        changed.notify()
    }
}
