import Glibc

/// One frame of the protocol between qsh and the agent in the guest; this type owns its layout.
///
/// The transport is a stream of bytes in each direction (a virtio-serial port or a UART). All
/// numbers are little-endian. A frame is a header of 12 bytes and a payload:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 3 | the bytes `qsh` |
/// | 3 | 1 | ``Kind`` |
/// | 4 | 4 | the operation that the frame belongs to, chosen by the host; 0 for the session |
/// | 8 | 4 | length of the payload, at most ``payloadLimit`` |
///
/// A session starts when the host sends `hello` with a number of its own and the agent answers with
/// the same number; the agent then kills whatever an older session left. An agent that has just
/// opened its port, or that has lost the frame boundaries, says `hello` with number 0. A side that
/// does not know where frames start skips to the next `hello`, told by its 16 bytes of magic.
///
/// Neither side buffers without bound: each operation starts with a credit of ``inputWindow`` bytes
/// for its input and ``outputWindow`` bytes for its two outputs together, and whoever receives the
/// bytes gives the credit back with `inputCredit` or `outputCredit` once they are dealt with.
enum GuestFrame {
    /// What a frame says. Payloads in brackets; `u32` and so on as in the kernel's headers.
    enum Kind: UInt8 {
        /// Host: [magic 16, number u64, version u32]. Agent: the same, then [page size u32,
        /// process id u32, ELF machine u32, kernel release, 64 bytes padded with NUL, whether the
        /// guest's root is set up u32]. The agent says it again when that changes.
        case hello = 1
        /// Starts a program or a file transfer: [``Task`` u32, file mode u32, count of arguments
        /// u32, count of variables u32], then NUL-terminated strings: directory, arguments,
        /// variables as `NAME=value`.
        case start = 2
        /// Bytes for the operation's standard input.
        case input = 3
        /// The end of the standard input.
        case inputEnd = 4
        /// Sends a signal to the operation's process group: [signal u32].
        case signal = 5
        /// Gives back credit for output: [bytes u32].
        case outputCredit = 6
        /// Kills the operation and forgets it; no answer.
        case cancel = 7
        /// Sets the guest's clock: [seconds since 1970 i64, nanoseconds i64]. Answered by `reply`.
        case setClock = 8
        /// Adds entropy and reseeds the random generator: [bytes]. Answered by `reply`.
        case reseed = 9
        /// Tells the console's terminal its size: [rows u16, columns u16]. Answered by `reply`.
        case resize = 10
        /// Asks for a `reply` and nothing else.
        case ping = 11
        /// Bytes that the operation wrote to its standard output.
        case output = 65
        /// Bytes that the operation wrote to its standard error.
        case errorOutput = 66
        /// The operation has ended, after its last output: [exit code u32, signal or 0 u32].
        case exit = 67
        /// The operation did not start, or its file failed: [errno u32, ``Stage`` u32].
        case failed = 68
        /// Gives back credit for input: [bytes u32].
        case inputCredit = 69
        /// The answer to a request that starts nothing: [errno or 0 u32].
        case reply = 70
    }

    /// What `start` starts.
    enum Task: UInt32 {
        case run = 0
        /// The file named by the first argument comes as `output`.
        case readFile = 1
        /// `input` becomes the file named by the first argument, complete or not at all.
        case writeFile = 2
    }

    /// Where an operation failed.
    enum Stage: UInt32 {
        case spawn = 1
        case root = 2
        case directory = 3
        case execute = 4
        case openFile = 5
        case readFile = 6
        case writeFile = 7
    }

    static let version: UInt32 = 1
    static let headerSize = 12
    static let payloadLimit = 128 * 1024
    static let inputWindow = 256 * 1024
    static let outputWindow = 1024 * 1024
    /// Largest piece of input in one frame.
    static let inputPiece = 64 * 1024
    static let magic: [UInt8] = [
        0x9f, 0x71, 0x73, 0x68, 0x2d, 0x61, 0x67, 0x65,
        0x6e, 0x74, 0xf3, 0x0d, 0x0a, 0x1a, 0x00, 0xc5,
    ]
    static let marker: [UInt8] = Array("qsh".utf8)

    /// Lays out one frame.
    static func encode(
        _ kind: Kind, id: UInt32, _ payload: some Collection<UInt8> = []
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headerSize + payload.count)
        bytes += marker
        bytes.append(kind.rawValue)
        bytes.append(littleEndian: id)
        bytes.append(littleEndian: UInt32(payload.count))
        bytes += payload
        return bytes
    }

    /// Lays out a frame whose payload is numbers of 32 bits.
    static func encode(_ kind: Kind, id: UInt32, words: UInt32...) -> [UInt8] {
        var payload: [UInt8] = []
        for word in words { payload.append(littleEndian: word) }
        return encode(kind, id: id, payload)
    }

    /// Lays out the host's greeting.
    static func hello(number: UInt64) -> [UInt8] {
        var payload = magic
        payload.append(littleEndian: number)
        payload.append(littleEndian: version)
        return encode(.hello, id: 0, payload)
    }
}

extension [UInt8] {
    mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

extension UnsafeRawBufferPointer {
    /// The number at `offset`; nil where the buffer is too short.
    func littleEndian<Number: FixedWidthInteger>(
        _ type: Number.Type = Number.self, at offset: Int
    ) -> Number? {
        guard offset >= 0, count - offset >= MemoryLayout<Number>.size else { return nil }
        return Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
}
