import Glibc
import SystemPackage

/// An exclusive lock on an open file (flock(2)), which the kernel drops with its last descriptor.
enum FileLock {
    /// How a wait for the lock ended without it.
    enum Failure: Error, Equatable {
        /// Another process held it until the deadline.
        case busy
        case refused(Errno)
    }

    /// Waits until nobody else holds the lock.
    ///
    /// - Parameter waiting: called once where somebody does.
    /// - Throws: ``Failure``; `CancellationError`.
    @LoopActor
    static func take(
        _ descriptor: Int32, until deadline: Deadline, waiting: @LoopActor () -> Void = {}
    ) async throws {
        var hasSaidSo = false
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let error = Errno(rawValue: errno)
            guard error == .wouldBlock || error == .interrupted else {
                throw Failure.refused(error)
            }
            if deadline.hasPassed { throw Failure.busy }
            if !hasSaidSo { waiting() }
            hasSaidSo = true
            // flock(2) waits for ever or not at all, so the lock is tried ten times a second.
            let next = min(deadline, .after(.milliseconds(100)))
            _ = try await Broadcast().wait(until: next) { false }
        }
    }
}
