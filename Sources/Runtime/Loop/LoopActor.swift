/// The one isolation domain of qsh: Lua, machines, consoles and every fork live on it.
///
/// Its executor is ``EventLoop/shared``, so code isolated to it always runs on the loop's thread.
@globalActor
public actor LoopActor {
    /// The actor instance that the attribute refers to.
    public static let shared = LoopActor()

    /// Runs jobs on the loop's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        EventLoop.shared.asUnownedSerialExecutor()
    }

    /// Starts a task whose every step, child tasks included, stays on the loop's thread.
    ///
    /// A plain `Task` resumes through libdispatch's workers: 16 µs and four threads, against
    /// 2.5 µs and one (measured with Swift 6.3).
    @discardableResult
    public static func task(
        _ body: @escaping @LoopActor @Sendable () async -> Void
    ) -> Task<Void, Never> {
        Task(executorPreference: EventLoop.shared) { await body() }
    }

    /// Runs `body` as isolated code from a plain function that the loop's thread called.
    ///
    /// Traps on any other thread.
    public static func assumeIsolated<Result: ~Copyable>(
        _ body: @LoopActor () throws -> Result
    ) rethrows -> Result {
        EventLoop.shared.checkIsolated()
        // Isolation to a global actor is not part of a function's representation; the standard
        // library's MainActor.assumeIsolated does the same.
        return try withoutActuallyEscaping(body) { escaping in
            try unsafeBitCast(escaping, to: (() throws -> Result).self)()
        }
    }
}
