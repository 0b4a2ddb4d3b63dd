import CLinux
import Glibc

/// What a descriptor is ready for.
public struct Readiness: OptionSet, Sendable {
    /// One bit for each direction.
    public let rawValue: UInt8

    /// Makes a set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Bytes, end of file or an error wait to be read.
    public static let readable = Readiness(rawValue: 1)
    /// A write would not block.
    public static let writable = Readiness(rawValue: 2)

    var epollBits: UInt32 {
        (contains(.readable) ? EPOLLIN.rawValue : 0) | (contains(.writable) ? EPOLLOUT.rawValue : 0)
    }

    init(epollBits: UInt32) {
        // Hang-up and error are found out by the next read or write, so they count as both.
        let broken = epollBits & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
        var value: Readiness = []
        if broken || epollBits & EPOLLIN.rawValue != 0 { value.insert(.readable) }
        if broken || epollBits & EPOLLOUT.rawValue != 0 { value.insert(.writable) }
        self = value
    }
}

/// A descriptor registered with the loop. Level-triggered.
///
/// Not `Sendable`: it belongs to the loop's thread. Cancel it before closing the descriptor.
public final class DescriptorWatch {
    let descriptor: Int32
    private let loop: EventLoop
    private var action: (@LoopActor (Readiness) -> Void)?

    /// What to be told of. An empty set pauses reading, which pushes back on the writer.
    @LoopActor public var interest: Readiness {
        get { storedInterest }
        set {
            guard newValue != storedInterest else { return }
            storedInterest = newValue
            loop.update(self)
        }
    }
    private var storedInterest: Readiness

    init(
        descriptor: Int32, interest: Readiness, loop: EventLoop,
        action: @escaping @LoopActor (Readiness) -> Void
    ) {
        self.descriptor = descriptor
        self.storedInterest = interest
        self.loop = loop
        self.action = action
    }

    @LoopActor func deliver(_ readiness: Readiness) { action?(readiness) }

    /// Stops the calls, at once and for good.
    @LoopActor public func cancel() {
        action = nil
        loop.remove(self)
    }
}
