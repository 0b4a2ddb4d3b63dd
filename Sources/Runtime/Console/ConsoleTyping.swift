import SystemPackage

/// How text is typed.
public struct ConsoleTyping: Sendable, Equatable {
    /// Time between two characters; zero types as fast as the line takes them.
    public var pace: Duration
    /// Whether each piece must have come back as an echo before the next one is typed.
    public var checksEcho: Bool

    /// Makes one; as fast as the line takes it where nothing is said.
    public init(pace: Duration = .zero, checksEcho: Bool = false) {
        self.pace = pace
        self.checksEcho = checksEcho
    }

    /// UARTs have 16 bytes of buffer, which a busy guest may not empty in time.
    fileprivate static let piece = 16
    /// An echo is the terminal's own, not the program's: it comes at once or not at all.
    fileprivate static let echoLimit: Duration = .seconds(5)
}

extension Console {
    /// Types text in pieces, and the line end of the configuration behind it.
    ///
    /// - Throws: ``ConsoleError``; `notEchoed` where the echo is not what was typed.
    public func sendline(
        _ text: String, typing: ConsoleTyping, limit: Duration = .seconds(30)
    ) async throws {
        lastTyped = (text, stream.window.end)
        try await type(Array(text.utf8), typing, limit)
        try await send(configuration.lineEnd, limit: limit)
    }

    /// Types bytes in pieces.
    public func type(
        _ bytes: [UInt8], _ typing: ConsoleTyping, _ limit: Duration = .seconds(30)
    ) async throws {
        guard typing != ConsoleTyping() else { return try await send(bytes, limit: limit) }
        let size = typing.pace == .zero ? ConsoleTyping.piece : 1
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(size))
            rest = rest.dropFirst(piece.count)
            let start = stream.window.end
            try await send(piece, limit: limit)
            if typing.checksEcho { try await waitForEcho(of: piece, from: start) }
            if typing.pace > .zero {
                _ = try await changed.wait(until: .after(typing.pace)) { self.hasEnded }
            }
        }
    }

    private func waitForEcho(of piece: [UInt8], from start: Int) async throws {
        let received = Broadcast()
        let subscriber = subscribe { _ in received.notify() }
        defer { unsubscribe(subscriber) }
        let expected = piece.visible
        let isThere = try await received.wait(until: .after(timeScale(ConsoleTyping.echoLimit))) {
            self.hasEnded || self.echo(from: start).starts(with: expected)
        }
        guard !isThere || hasEnded else { return }
        throw ConsoleError.notEchoed(
            expected: String(decoding: piece, as: UTF8.self),
            got: String(decoding: echo(from: start), as: UTF8.self), failure(of: nil))
    }

    /// What the terminal has printed since, without what it adds to wrap a line.
    private func echo(from start: Int) -> [UInt8] {
        let from = max(start, stream.window.start)
        return (stream.window.bytes(from..<stream.window.end) + stream.undecided).visible
    }

    /// When the last line is to be typed again, if nothing comes.
    var resendTime: Deadline {
        guard let wait, wait.limits.resends > 0, echoedLine != nil else { return .never }
        return max(lastOutput, wait.started) + timeScale(Console.resendPause)
    }

    /// Long enough for a program that works on the answer to say something.
    private static let resendPause: Duration = .seconds(1)

    /// Types the last line again where its program did not get it.
    func resendLine() async throws {
        guard resendTime.hasPassed, let (text, _) = lastTyped else { return }
        wait?.limits.resends -= 1
        try await sendline(text)
    }
}

extension [UInt8] {
    /// Without line ends and spaces: a shell's line editor wraps as it likes.
    fileprivate var visible: [UInt8] { filter { $0 > 0x20 && $0 != 0x7F } }
}
