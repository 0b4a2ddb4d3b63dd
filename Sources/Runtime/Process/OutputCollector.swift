/// Keeps what came through a channel, up to a limit; the rest is read and dropped.
@LoopActor
final class OutputCollector {
    private(set) var bytes: [UInt8] = []
    private(set) var isTruncated = false
    private let channel: ByteChannel
    private let ended = Broadcast()

    init(
        _ channel: ByteChannel, limit: Int,
        onOutput: @escaping @LoopActor (UnsafeRawBufferPointer) -> Void
    ) {
        self.channel = channel
        channel.onBytes = { [weak self] piece in
            onOutput(piece)
            self?.keep(piece, limit: limit)
        }
        channel.onEnd = { [ended] _ in ended.notify() }
    }

    /// Waits for the end of the stream.
    func finish(until deadline: Deadline) async throws {
        _ = try await ended.wait(until: deadline) { self.channel.hasEnded }
    }

    private func keep(_ piece: UnsafeRawBufferPointer, limit: Int) {
        let kept = min(piece.count, limit - bytes.count)
        bytes.append(contentsOf: piece.prefix(kept))
        if kept < piece.count { isTruncated = true }
    }
}
