import Glibc

/// A value that is being worked out on a thread of its own, for a caller that may block.
///
/// On the loop's thread use ``WorkerThread/run(_:)``, which suspends instead.
final class ThreadJob<Value: Sendable> {
    private final class Box: @unchecked Sendable {
        // Written by the job's thread, and read after that has been joined.
        var value: Value?
    }

    private let box = Box()
    private let body: @Sendable () -> Value
    private var thread: pthread_t?

    /// Begins at once.
    init(_ body: @escaping @Sendable () -> Value) {
        self.body = body
        thread = WorkerThread.start { [box] in box.value = body() }
    }

    deinit { join() }

    /// Blocks until the value is there.
    func wait() -> Value {
        join()
        return box.value ?? body()
    }

    private func join() {
        if let thread { pthread_join(thread, nil) }
        thread = nil
    }
}
