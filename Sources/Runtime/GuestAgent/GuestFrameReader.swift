/// Cuts the agent's stream into frames, however it arrives, and finds its start in garbage.
///
/// Output is passed on in pieces as it comes; every other payload is short and passed on whole.
struct GuestFrameReader {
    /// What the stream held.
    enum Event {
        /// A complete frame other than output.
        case frame(GuestFrame.Kind, id: UInt32, payload: UnsafeRawBufferPointer)
        /// A piece of an output frame. Valid during the call only.
        case output(GuestStream, id: UInt32, UnsafeRawBufferPointer)
        /// The stream is not what the protocol says; the reader now looks for the next hello.
        case broken(String)
    }

    private enum State {
        case lost
        case header
        case payload(GuestFrame.Kind, id: UInt32, left: Int)
    }

    /// Longest payload of a frame that is not output.
    private static let shortLimit = 4096
    /// Header, magic, number and version: what makes sure that a hello is one.
    private static let helloSize = GuestFrame.headerSize + 28

    private var state = State.lost
    /// Bytes of an unfinished header, short payload or possible hello.
    private var held: [UInt8] = []

    /// Forgets what was read and looks for a hello.
    mutating func reset() {
        state = .lost
        held.removeAll(keepingCapacity: true)
    }

    /// Takes the next bytes of the stream and calls `handle` for what they complete.
    mutating func consume(_ bytes: UnsafeRawBufferPointer, _ handle: (Event) -> Void) {
        var rest = bytes
        while !rest.isEmpty {
            switch state {
            case .lost: findHello(&rest)
            case .header: readHeader(&rest, handle)
            case .payload(let kind, let id, let left): readPayload(kind, id, left, &rest, handle)
            }
        }
    }

    private mutating func findHello(_ rest: inout UnsafeRawBufferPointer) {
        while let byte = rest.first {
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
            held.append(byte)
            while !couldBeHello() { held.removeFirst() }
            if held.count == Self.helloSize { return startAtHello() }
        }
    }

    /// Whether the bytes held are the start of a hello frame.
    private func couldBeHello() -> Bool {
        for (index, byte) in held.enumerated() {
            let expected: UInt8? =
                switch index {
                case 0..<3: GuestFrame.marker[index]
                case 3: GuestFrame.Kind.hello.rawValue
                case 4..<8: 0
                case 12..<28: GuestFrame.magic[index - 12]
                default: nil
                }
            if let expected, expected != byte { return false }
        }
        return true
    }

    private mutating func startAtHello() {
        let length = held.withUnsafeBytes { $0.littleEndian(UInt32.self, at: 8) ?? 0 }
        held.removeFirst(GuestFrame.headerSize)
        guard length > held.count, length <= Self.shortLimit else { return reset() }
        state = .payload(.hello, id: 0, left: Int(length) - held.count)
    }

    private mutating func readHeader(
        _ rest: inout UnsafeRawBufferPointer, _ handle: (Event) -> Void
    ) {
        take(GuestFrame.headerSize - held.count, from: &rest)
        guard held.count == GuestFrame.headerSize else { return }
        let (id, length) = held.withUnsafeBytes {
            ($0.littleEndian(UInt32.self, at: 4) ?? 0, $0.littleEndian(UInt32.self, at: 8) ?? 0)
        }
        let kind = held.starts(with: GuestFrame.marker) ? GuestFrame.Kind(rawValue: held[3]) : nil
        held.removeAll(keepingCapacity: true)
        guard let kind else { return lose("expected a frame, got other bytes", handle) }
        let limit = kind.stream == nil ? Self.shortLimit : GuestFrame.payloadLimit
        guard length <= limit else {
            return lose("expected a payload of at most \(limit) bytes, got \(length)", handle)
        }
        state = .payload(kind, id: id, left: Int(length))
        if length == 0 { finishFrame(kind, id, handle) }
    }

    private mutating func readPayload(
        _ kind: GuestFrame.Kind, _ id: UInt32, _ left: Int,
        _ rest: inout UnsafeRawBufferPointer, _ handle: (Event) -> Void
    ) {
        let count = min(left, rest.count)
        state = .payload(kind, id: id, left: left - count)
        if let stream = kind.stream {
            handle(.output(stream, id: id, UnsafeRawBufferPointer(rebasing: rest[..<count])))
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        } else {
            take(count, from: &rest)
        }
        if count == left { finishFrame(kind, id, handle) }
    }

    private mutating func finishFrame(
        _ kind: GuestFrame.Kind, _ id: UInt32, _ handle: (Event) -> Void
    ) {
        // The handler may reset the reader, so the state is settled first.
        state = .header
        guard kind.stream == nil else { return }
        let payload = held
        held.removeAll(keepingCapacity: true)
        payload.withUnsafeBytes { handle(.frame(kind, id: id, payload: $0)) }
    }

    private mutating func take(_ wanted: Int, from rest: inout UnsafeRawBufferPointer) {
        let count = min(wanted, rest.count)
        held.append(contentsOf: rest[..<count])
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }

    private mutating func lose(_ reason: String, _ handle: (Event) -> Void) {
        reset()
        handle(.broken(reason))
    }
}

extension GuestFrame.Kind {
    /// Which of the two outputs the frame carries, if any.
    var stream: GuestStream? {
        switch self {
        case .output: .stdout
        case .errorOutput: .stderr
        default: nil
        }
    }
}
