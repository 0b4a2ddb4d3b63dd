/// The key that lets the next one through to qsh instead of the guest.
public struct EscapePrefix: Sendable, Equatable {
    /// The control character that the key types, 0x00 to 0x1f.
    public let byte: UInt8

    /// Ctrl-], as telnet and `virsh console` have it.
    public static let standard = EscapePrefix(byte: 0x1d)

    private init(byte: UInt8) { self.byte = byte }

    /// Reads `^A`, `^]`, or the control character itself.
    ///
    /// - Throws: ``TerminalError/badPrefix(_:)``; Ctrl-M and Ctrl-J are refused, since they are
    ///   what Enter types, and so is Ctrl-[, with which every function key begins.
    public init(_ text: String) throws(TerminalError) {
        let bytes = Array(text.utf8)
        let byte: UInt8
        switch bytes.count {
        case 1 where bytes[0] < 0x20: byte = bytes[0]
        case 2 where bytes[0] == UInt8(ascii: "^") && (0x40...0x7a).contains(bytes[1]):
            byte = bytes[1] & 0x1f
        default: throw .badPrefix(text)
        }
        guard ![0x0a, 0x0d, 0x1b].contains(byte) else { throw .badPrefix(text) }
        self.byte = byte
    }

    /// As a person reads it: `Ctrl-]`.
    public var name: String { "Ctrl-" + String(UnicodeScalar(byte | 0x40)) }
}

/// Tells the user's keys for qsh from those for the guest; a pure function over the input's pieces.
struct EscapeKeys {
    enum Event: Equatable {
        case send([UInt8])
        case leave
        case sendBreak
        case windowSize
        case help
        /// Neither one of the keys nor sent on.
        case unknown(UInt8)
    }

    private let prefix: EscapePrefix?
    private var isAfterPrefix = false

    init(prefix: EscapePrefix?) { self.prefix = prefix }

    mutating func receive(_ bytes: some Sequence<UInt8>) -> [Event] {
        var events: [Event] = []
        var plain: [UInt8] = []
        for byte in bytes {
            if isAfterPrefix {
                isAfterPrefix = false
                let event = command(byte)
                if case .send(let literal) = event {
                    plain += literal
                    continue
                }
                if !plain.isEmpty { events.append(.send(plain)) }
                plain = []
                events.append(event)
            } else if byte == prefix?.byte {
                isAfterPrefix = true
            } else {
                plain.append(byte)
            }
        }
        if !plain.isEmpty { events.append(.send(plain)) }
        return events
    }

    private func command(_ byte: UInt8) -> Event {
        guard let prefix else { return .send([byte]) }
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "q"): return .leave
        case UInt8(ascii: "b"): return .sendBreak
        case UInt8(ascii: "w"): return .windowSize
        case UInt8(ascii: "?"): return .help
        // The prefix itself, or its letter: `Ctrl-] ]`, `Ctrl-A a`.
        case prefix.byte, prefix.byte | 0x40, prefix.byte | 0x60: return .send([prefix.byte])
        default: return .unknown(byte)
        }
    }
}
