/// Wakes everybody who waits for a change: the one leaf on which all waiting is built.
///
/// Code keeps its state in plain variables, calls ``notify()`` after changing them, and waits with
/// ``wait(until:for:)``, which looks at the state itself, so that no change can slip between.
@LoopActor
public final class Broadcast {
    private final class Waiter {
        var continuation: CheckedContinuation<Bool, any Error>?
        var timer: LoopTimer?

        func finish(_ result: Result<Bool, any Error>) {
            timer?.cancel()
            let waiting = continuation
            continuation = nil
            waiting?.resume(with: result)
        }
    }

    private var waiters: [ObjectIdentifier: Waiter] = [:]

    /// Makes one that nobody waits for.
    public nonisolated init() {}

    /// Wakes everybody who waits now.
    public func notify() {
        let woken = waiters.values
        waiters.removeAll(keepingCapacity: true)
        for waiter in woken { waiter.finish(.success(true)) }
    }

    /// Waits until `condition` holds; it is asked at once and after each ``notify()``.
    ///
    /// - Returns: false where the deadline passed first.
    /// - Throws: `CancellationError` where the task was cancelled.
    public func wait(
        until deadline: Deadline, for condition: @LoopActor () -> Bool
    ) async throws -> Bool {
        while true {
            try Task.checkCancellation()
            if condition() { return true }
            if deadline.hasPassed { return false }
            guard try await waitForNotify(until: deadline, unless: condition) else {
                return condition()
            }
        }
    }

    private func waitForNotify(
        until deadline: Deadline, unless condition: @LoopActor () -> Bool
    ) async throws -> Bool {
        let waiter = Waiter()
        let key = ObjectIdentifier(waiter)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // Asked here again: a task that does not prefer this executor is queued once more
                // on its way in, and a change may have come between.
                if condition() { return continuation.resume(returning: true) }
                waiter.continuation = continuation
                waiters[key] = waiter
                if !deadline.isNever {
                    waiter.timer = EventLoop.shared.at(deadline) { [weak self] in
                        self?.end(key, .success(false))
                    }
                }
            }
        } onCancel: {
            LoopActor.task { [weak self] in self?.end(key, .failure(CancellationError())) }
        }
    }

    private func end(_ key: ObjectIdentifier, _ result: Result<Bool, any Error>) {
        waiters.removeValue(forKey: key)?.finish(result)
    }
}
