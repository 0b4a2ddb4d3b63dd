/// Wakes everybody who waits for a change: the one leaf on which all waiting is built.
///
/// Code keeps its state in plain variables, calls ``notify()`` after changing them, and waits in a
/// loop: `while !condition { guard try await changed.wait(until: deadline) else { … } }`. The check
/// and the wait must both be made from code on ``LoopActor`` with no `await` between them, or a
/// change in between goes unseen (inside `#expect` there is one).
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

    /// Waits for the next ``notify()``.
    ///
    /// - Returns: false where the deadline passed first.
    /// - Throws: `CancellationError` where the task was cancelled.
    public func wait(until deadline: Deadline) async throws -> Bool {
        try Task.checkCancellation()
        if deadline.hasPassed { return false }
        let waiter = Waiter()
        let key = ObjectIdentifier(waiter)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
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
