import Glibc
import Synchronization

/// Runs blocking work on a thread of its own, so that the loop goes on.
enum WorkerThread {
    /// Tells the work that nobody waits for it any more.
    final class Cancellation: Sendable {
        private let flag = Atomic(false)

        var isCancelled: Bool { flag.load(ordering: .relaxed) }

        func cancel() { flag.store(true, ordering: .relaxed) }
    }

    /// Runs `body` on a new thread and waits for it without blocking.
    ///
    /// - Parameter body: asks its argument now and then, and throws `CancellationError`.
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable (Cancellation) throws -> Value
    ) async throws -> Value {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let thread = start {
                    continuation.resume(with: Result { try body(cancellation) })
                }
                if let thread { pthread_detach(thread) }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }

    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    /// Runs `body` on a new thread, which is to be joined or detached.
    ///
    /// - Returns: nil where no thread could be had: that only costs speed, the work is then done.
    static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let failed = pthread_create(
            &thread, nil,
            { raw in
                if let raw { Unmanaged<Work>.fromOpaque(raw).takeRetainedValue().body() }
                return nil
            }, work.toOpaque())
        if failed == 0 { return thread }
        work.takeRetainedValue().body()
        return nil
    }
}
