/// The user's screen as a sink that never holds up its writer and never grows without bounds.
@LoopActor
final class TerminalScreen {
    /// What a terminal that takes nothing (a stalled ssh, a paused multiplexer) may leave waiting.
    static let limit = 1 << 20

    private let channel: ByteChannel
    private var pending: [UInt8] = []
    private var dropped = 0
    private var isWriting = false
    private let drained = Broadcast()

    init(_ channel: ByteChannel) { self.channel = channel }

    func show(_ bytes: UnsafeRawBufferPointer) {
        guard pending.count + bytes.count <= Self.limit else {
            dropped += bytes.count
            return
        }
        pending.append(contentsOf: bytes)
        startWriting()
    }

    func show(_ text: String) {
        var text = text
        text.withUTF8 { show(UnsafeRawBufferPointer($0)) }
    }

    /// Lines of qsh's own, which do not depend on where the guest left the cursor.
    func say(_ lines: [String]) {
        show("\r\n" + lines.map { "[qsh] \($0)\r\n" }.joined())
    }

    /// Waits until the terminal has taken everything, or until the deadline.
    func drain(until deadline: Deadline) async {
        _ = try? await drained.wait(until: deadline) { !self.isWriting || self.channel.hasEnded }
    }

    private func startWriting() {
        guard !isWriting else { return }
        isWriting = true
        LoopActor.task { await self.write() }
    }

    private func write() async {
        while !pending.isEmpty {
            let piece = pending
            pending = []
            // Ends with the channel, which its owner closes.
            guard (try? await channel.write(piece, until: .never)) != nil else { break }
            if pending.isEmpty, dropped > 0 {
                say(["\(dropped) bytes not shown: the terminal is too slow; see the transcript"])
                dropped = 0
            }
        }
        isWriting = false
        drained.notify()
    }
}
