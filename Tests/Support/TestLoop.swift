import Glibc
import QshRuntime

/// Runs the event loop on a thread of its own for the whole test process.
///
/// Call ``start()`` at the top of every suite that is isolated to `LoopActor`.
public enum TestLoop {
    private static let started: Void = {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { _ in
                EventLoop.shared.run()
                return nil
            }, nil)
        pthread_detach(thread)
    }()

    /// Starts the loop once.
    public static func start() { started }
}
