import CLinux
import Glibc
import Synchronization

/// One epoll loop on one thread, which is also the executor of ``LoopActor``.
///
/// Descriptors and timers call plain closures on the loop's thread; `async` code isolated to
/// ``LoopActor`` runs between them. Nothing here polls: an idle loop sleeps in `epoll_wait`.
public final class EventLoop: @unchecked Sendable {
    /// The process's loop. It runs on whichever thread calls ``run()`` first.
    public static let shared = EventLoop()

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var thread: pthread_t?
        var stopping = false
    }

    private let epoll: Int32
    private let wakeup: Int32
    private let inbox = Mutex(Inbox())
    // Touched on the loop's thread only.
    private var watches: [Int32: DescriptorWatch] = [:]
    private var timers = TimerQueue()

    private init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeup = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(epoll >= 0 && wakeup >= 0, "internal error: no descriptor for the loop")
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: wakeup))
        epoll_ctl(epoll, EPOLL_CTL_ADD, wakeup, &event)
    }

    /// Runs the loop on the calling thread until ``stop()``.
    ///
    /// Children carry a parent-death signal, which follows the forking thread: the thread that
    /// calls this must live as long as the process.
    public func run() {
        inbox.withLock {
            $0.thread = pthread_self()
            $0.stopping = false
        }
        while runOnce() {}
    }

    /// Runs the loop on the calling thread until `descriptor` is readable, or until ``stop()``.
    public func run(untilReadable descriptor: Int32) {
        inbox.withLock { $0.thread = pthread_self() }
        let watch = LoopActor.assumeIsolated {
            self.watch(descriptor, for: .readable) { _ in EventLoop.shared.stop() }
        }
        run()
        LoopActor.assumeIsolated { watch.cancel() }
    }

    /// Makes ``run()`` return after the jobs that are already queued.
    public func stop() {
        inbox.withLock { $0.stopping = true }
        wake()
    }

    /// Whether the caller is on the loop's thread.
    public var isCurrent: Bool {
        inbox.withLock { $0.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    private func runOnce() -> Bool {
        let (jobs, stopping) = inbox.withLock { inbox in
            defer { inbox.jobs.removeAll(keepingCapacity: true) }
            return (inbox.jobs, inbox.stopping)
        }
        for job in jobs {
            job.runSynchronously(
                isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
        if stopping && jobs.isEmpty { return false }
        let idle = inbox.withLock { $0.jobs.isEmpty && !$0.stopping }
        poll(milliseconds: idle ? timers.millisecondsToNext() : 0)
        while let action = timers.takeDue() { LoopActor.assumeIsolated { action() } }
        return true
    }

    private func poll(milliseconds: Int32) {
        var events = (
            epoll_event(), epoll_event(), epoll_event(), epoll_event(),
            epoll_event(), epoll_event(), epoll_event(), epoll_event()
        )
        withUnsafeMutableBytes(of: &events) { raw in
            let buffer = raw.bindMemory(to: epoll_event.self)
            let count = epoll_wait(epoll, buffer.baseAddress, Int32(buffer.count), milliseconds)
            guard count > 0 else { return }
            for event in buffer[..<Int(count)] { dispatch(event) }
        }
    }

    private func dispatch(_ event: epoll_event) {
        if event.data.fd == wakeup {
            var value: UInt64 = 0
            _ = read(wakeup, &value, 8)
            return
        }
        // A watch cancelled by an earlier event of the same batch is gone from the table.
        guard let watch = watches[event.data.fd] else { return }
        let readiness = Readiness(epollBits: event.events)
        LoopActor.assumeIsolated { watch.deliver(readiness) }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(wakeup, &one, 8)
    }
}

extension EventLoop {
    /// Calls `action` on the loop's thread whenever `descriptor` is ready, until cancelled.
    ///
    /// - Parameter descriptor: must stay open until the watch is cancelled; one watch each.
    @LoopActor
    public func watch(
        _ descriptor: Int32, for interest: Readiness,
        _ action: @escaping @LoopActor (Readiness) -> Void
    ) -> DescriptorWatch {
        let watch = DescriptorWatch(
            descriptor: descriptor, interest: interest, loop: self, action: action)
        precondition(
            watches[descriptor] == nil, "internal error: descriptor \(descriptor) watched twice")
        watches[descriptor] = watch
        var event = epoll_event(
            events: interest.epollBits, data: epoll_data_t(fd: descriptor))
        let result = epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
        // EPERM: a regular file, which is always ready and which epoll does not take.
        precondition(result == 0, "internal error: epoll_ctl on \(descriptor): errno \(errno)")
        return watch
    }

    @LoopActor
    func update(_ watch: DescriptorWatch) {
        guard watches[watch.descriptor] === watch else { return }
        var event = epoll_event(
            events: watch.interest.epollBits, data: epoll_data_t(fd: watch.descriptor))
        epoll_ctl(epoll, EPOLL_CTL_MOD, watch.descriptor, &event)
    }

    @LoopActor
    func remove(_ watch: DescriptorWatch) {
        guard watches[watch.descriptor] === watch else { return }
        watches[watch.descriptor] = nil
        epoll_ctl(epoll, EPOLL_CTL_DEL, watch.descriptor, nil)
    }

    /// Calls `action` once on the loop's thread, at `deadline` or soon after.
    @LoopActor
    public func at(_ deadline: Deadline, _ action: @escaping @LoopActor () -> Void) -> LoopTimer {
        timers.add(deadline, action)
    }
}

extension EventLoop: SerialExecutor, TaskExecutor {
    /// Queues a job from any thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        let mustWake = inbox.withLock { inbox in
            inbox.jobs.append(unowned)
            return inbox.thread.map { pthread_equal($0, pthread_self()) == 0 } ?? true
        }
        if mustWake { wake() }
    }

    /// Traps unless the caller is on the loop's thread.
    public func checkIsolated() {
        precondition(isCurrent, "internal error: not on the event loop's thread")
    }

    /// Lets the concurrency runtime ask without trapping.
    public func isIsolatingCurrentContext() -> Bool? { isCurrent }
}
