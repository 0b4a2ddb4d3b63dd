import CLinux
import Glibc

/// Calls a closure on the loop's thread when a signal comes, until cancelled.
///
/// Any number may watch one signal. A signal that qsh was started to ignore stays ignored, as
/// nohup(1) wants it. When the last watch is cancelled, the signal's earlier disposition is back.
@LoopActor
public final class SignalWatch {
    private let number: Int32
    private var action: (@LoopActor () -> Void)?

    private static var watches: [Int32: [SignalWatch]] = [:]
    private static var readiness: DescriptorWatch?

    /// Starts to watch; signals that come in a burst may be told as one.
    ///
    /// Works for SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT, SIGQUIT, SIGUSR1, SIGUSR2.
    public init(_ number: Int32, _ action: @escaping @LoopActor () -> Void) {
        self.number = number
        self.action = action
        Self.start()
        qsignal_watch(number)
        Self.watches[number, default: []].append(self)
    }

    /// Ends the calls. A watch that is not cancelled lasts as long as the process.
    public func cancel() {
        guard action != nil else { return }
        action = nil
        Self.watches[number]?.removeAll { $0 === self }
        if Self.watches[number]?.isEmpty != false {
            Self.watches[number] = nil
            qsignal_unwatch(number)
        }
    }

    private static func start() {
        guard readiness == nil else { return }
        let descriptor = qsignal_open()
        precondition(descriptor >= 0, "internal error: no descriptor for signals: errno \(errno)")
        readiness = EventLoop.shared.watch(descriptor, for: .readable) { _ in deliver() }
    }

    private static func deliver() {
        qsignal_drain()
        for number in watches.keys.sorted() where qsignal_take(number) > 0 {
            for watch in watches[number] ?? [] { watch.action?() }
        }
    }
}
