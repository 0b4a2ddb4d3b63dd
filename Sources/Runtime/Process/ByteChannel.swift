import CLinux
import Glibc
import SystemPackage

/// A stream of bytes to and from something outside: one non-blocking descriptor on the loop.
///
/// Reading never stops by itself and delivers in pieces of up to 256 KiB; writing is queued in
/// order. Both directions end when the peer closes, after what it sent has been delivered.
@LoopActor
public final class ByteChannel {
    /// Receives what the peer sent. The buffer is valid during the call only.
    public var onBytes: ((UnsafeRawBufferPointer) -> Void)?
    /// Called once when the stream has ended; nil for an orderly end of file.
    public var onEnd: ((Errno?) -> Void)?
    /// Sees each piece that was received or queued to be sent.
    var tap: ((Direction, UnsafeRawBufferPointer) -> Void)?
    enum Direction { case received, sent }
    /// Whether the stream has ended or was closed.
    public private(set) var hasEnded = false

    let descriptor: Int32
    private var watch: DescriptorWatch?
    private var queue: [[UInt8]] = []
    private var queueHead = 0
    private var offsetInHead = 0
    private var queuedTotal = 0
    private var writtenTotal = 0
    private var endsWriting = false
    private let progress = Broadcast()
    private var trickle = Trickle()
    private var restTimer: LoopTimer?
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 256 * 1024, alignment: 16)

    /// Takes over `descriptor`, makes it non-blocking and starts to read.
    public init(descriptor: Int32) {
        self.descriptor = descriptor
        brokenPipesAreErrors
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        watch = EventLoop.shared.watch(descriptor, for: .readable) { [weak self] ready in
            self?.serve(ready)
        }
    }

    isolated deinit {
        close()
        buffer.deallocate()
    }

    /// Makes a connected pair of stream sockets: a channel, and a descriptor to hand to a child.
    ///
    /// - Throws: `Errno` where the process has no descriptors left.
    public static func pair() throws(Errno) -> (channel: ByteChannel, peer: Int32) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw Errno(rawValue: errno) }
        // A peer that writes byte after byte (QEMU's UART) fills the buffer with bookkeeping, 768
        // bytes for each: the standard 208 KiB hold no more than 278 of them.
        var size: Int32 = 2 << 20
        for option in [SO_SNDBUFFORCE, SO_SNDBUF]
        where setsockopt(ends[1], SOL_SOCKET, option, &size, socklen_t(4)) == 0 { break }
        return (ByteChannel(descriptor: ends[0]), ends[1])
    }

    /// Whether reading is held back, so that the peer's writes block when its buffers are full.
    public var isPaused = false {
        didSet { updateInterest() }
    }

    /// Whether a peer that writes byte after byte is read once a millisecond, and not at each byte.
    ///
    /// An emulated UART does so, and each wake-up costs qsh and QEMU more than the byte itself. An
    /// exchange is never held up: what is sent ends the pause.
    public var gathersTrickle: Bool {
        get { trickle.isGathered }
        set { trickle.isGathered = newValue }
    }

    /// Bytes that were queued and that the kernel has not taken.
    public var backlog: Int { hasEnded ? 0 : queuedTotal - writtenTotal }

    /// Gathers a trickle once so many bytes have been read as they came.
    public func gatherTrickle(after head: Int) {
        trickle.head = head
        trickle.isGathered = true
    }

    /// Queues bytes without waiting; dropped where the stream has ended.
    public func enqueue(_ bytes: [UInt8]) {
        guard !hasEnded, !bytes.isEmpty else { return }
        updateTrickle { $0.end() }
        if let tap { bytes.withUnsafeBytes { tap(.sent, $0) } }
        queue.append(bytes)
        queuedTotal += bytes.count
        flush()
    }

    /// Writes bytes and waits until the kernel has taken the last of them.
    ///
    /// - Throws: `Errno` (`.brokenPipe` where the stream has ended, `.timedOut` where the deadline
    ///   passed; the rest stays queued), or `CancellationError`.
    public func write(_ bytes: [UInt8], until deadline: Deadline) async throws {
        guard !hasEnded else { throw Errno.brokenPipe }
        enqueue(bytes)
        let target = queuedTotal
        let inTime = try await progress.wait(until: deadline) {
            self.writtenTotal >= target || self.hasEnded
        }
        guard inTime else { throw Errno.timedOut }
        guard writtenTotal >= target else { throw Errno.brokenPipe }
    }

    /// Writes bytes that carry a copy of `descriptor` (SCM_RIGHTS), once the queue is empty.
    ///
    /// - Parameter bytes: few enough for a socket's empty buffer.
    /// - Throws: as ``write(_:until:)``.
    func write(_ bytes: [UInt8], with other: Int32, until deadline: Deadline) async throws {
        while true {
            let inTime = try await progress.wait(until: deadline) {
                self.queueHead == self.queue.count || self.hasEnded
            }
            guard inTime else { throw Errno.timedOut }
            guard !hasEnded else { throw Errno.brokenPipe }
            let count = q_send_descriptor(descriptor, bytes, bytes.count, other)
            if count == bytes.count { return }
            if count >= 0 { return enqueue(Array(bytes[count...])) }
            guard errno == EINTR else { throw Errno(rawValue: errno) }
        }
    }

    /// Waits until the stream has ended, everything that came has been delivered included.
    ///
    /// - Returns: false where the deadline passed first.
    public func waitForEnd(until deadline: Deadline) async throws -> Bool {
        try await progress.wait(until: deadline) { self.hasEnded }
    }

    /// Tells the peer that nothing more will be written, once the queue is empty.
    public func endWritingWhenDrained() {
        endsWriting = true
        if queueHead == queue.count { endWriting() }
    }

    /// Closes the descriptor; nothing is delivered after this.
    public func close() {
        guard let watch else { return }
        self.watch = nil
        watch.cancel()
        _ = Glibc.close(descriptor)
        hasEnded = true
        onBytes = nil
        onEnd = nil
        tap = nil
        progress.notify()
    }

    private func endWriting() {
        guard !hasEnded else { return }
        shutdown(descriptor, Int32(SHUT_WR))
    }

    private func serve(_ ready: Readiness) {
        if ready.contains(.writable) { flush() }
        if ready.contains(.readable), !isPaused { readAvailable() }
    }

    private func readAvailable() {
        // A few rounds only, so that a flood on one channel does not starve the others.
        for _ in 0..<8 where watch != nil && !isPaused {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 {
                let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                tap?(.received, piece)
                onBytes?(piece)
                updateTrickle { $0.noteRead(count) }
                if trickle.isResting { return rest() }
                if count < buffer.count { return }
            } else if count == 0 {
                return end(nil)
            } else if errno == EINTR {
                continue
            } else if errno == EAGAIN {
                return updateTrickle { $0.end() }
            } else {
                // EIO: the other side of a pseudo-terminal is closed.
                return end(errno == EIO || errno == ECONNRESET ? nil : Errno(rawValue: errno))
            }
        }
    }

    private func rest() {
        restTimer?.cancel()
        restTimer = EventLoop.shared.at(.after(Trickle.rest)) { [weak self] in
            guard let self, !hasEnded, trickle.isResting else { return }
            if isPaused { updateTrickle { $0.end() } } else { readAvailable() }
        }
    }

    private func updateTrickle(_ change: (inout Trickle) -> Void) {
        let wasResting = trickle.isResting
        change(&trickle)
        if trickle.isResting != wasResting { updateInterest() }
    }

    private func flush() {
        while queueHead < queue.count {
            let count = queue[queueHead].withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[offsetInHead...])
                return send(rest)
            }
            if count < 0 {
                if errno == EINTR { continue }
                if errno != EAGAIN { dropQueue() }
                break
            }
            writtenTotal += count
            offsetInHead += count
            if offsetInHead == queue[queueHead].count { advanceQueue() }
        }
        if endsWriting && queueHead == queue.count { endWriting() }
        progress.notify()
        updateInterest()
    }

    private func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        // Pipes and terminals lack `send`.
        let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        guard count < 0, errno == ENOTSOCK else { return count }
        return Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    }

    private func advanceQueue() {
        offsetInHead = 0
        queueHead += 1
        if queueHead == queue.count || queueHead > 1024 {
            queue.removeFirst(queueHead)
            queueHead = 0
        }
    }

    private func dropQueue() {
        queue.removeAll()
        queueHead = 0
        offsetInHead = 0
    }

    private func updateInterest() {
        var interest: Readiness = isPaused || hasEnded || trickle.isResting ? [] : .readable
        if queueHead < queue.count { interest.insert(.writable) }
        watch?.interest = interest
    }

    private func end(_ error: Errno?) {
        guard !hasEnded else { return }
        hasEnded = true
        dropQueue()
        updateInterest()
        watch?.cancel()
        progress.notify()
        onEnd?(error)
    }
}

/// A write to a dead peer is an error to handle and not the end of the process, on pipes too, where
/// no flag says so for one write. Children start with the default again.
private let brokenPipesAreErrors: Void = { _ = signal(SIGPIPE, SIG_IGN) }()
