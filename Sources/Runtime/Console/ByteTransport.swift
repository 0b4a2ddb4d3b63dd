/// Where a console's keystrokes go.
@LoopActor
public protocol ByteTransport: AnyObject {
    /// Writes bytes and waits until the last of them has been taken.
    ///
    /// - Throws: `Errno` (`.brokenPipe`, `.timedOut`) or `CancellationError`.
    func write(_ bytes: [UInt8], until deadline: Deadline) async throws
}

extension ByteChannel: ByteTransport {}
