import CLuaShims
import QshRuntime

/// A coroutine that the state runs; recipes hold it as `qsh.task`.
@LoopActor
final class LuaTask: LuaObject {
    enum Phase {
        case fresh
        case ready
        case running
        case waiting
        case ended(Result<[LuaValue], LuaError>)
    }

    private(set) var phase = Phase.fresh
    /// Keeps the coroutine alive.
    let thread: LuaValue
    let coroutine: OpaquePointer
    /// The traceback of an error that is on its way out while a `<close>` handler waits.
    var trace: (identity: UInt, bytes: [UInt8])?
    /// Nil once the run is over; recipes may hold a task for longer.
    private(set) weak var scope: LuaScope?
    let home: LuaHome
    /// What the present wait gave; sent at the next step.
    private var outcome: Result<[LuaValue], any Error> = .success([])
    /// Counts waits, so that what comes late for one is not taken for the next.
    private var generation: UInt64 = 0
    private var wait: Task<Void, Never>?
    private var pendingCancel: LuaErrorObject?
    private(set) var wasCancelled = false
    /// Whether somebody has seen how it ended.
    var wasObserved = false
    /// Whom it waits for, to find tasks that wait for one another.
    var awaited: LuaTask?

    init(thread: LuaValue, coroutine: OpaquePointer, scope: LuaScope, home: LuaHome) {
        self.thread = thread
        self.coroutine = coroutine
        self.scope = scope
        self.home = home
    }

    var hasEnded: Bool {
        if case .ended = phase { true } else { false }
    }

    var failure: LuaError? {
        if case .ended(.failure(let error)) = phase { error } else { nil }
    }

    /// The reply for the next step; nil for the first one.
    func startStep() -> Result<[LuaValue], any Error>? {
        let isFirst = if case .fresh = phase { true } else { false }
        phase = .running
        defer { outcome = .success([]) }
        return isFirst ? nil : outcome
    }

    /// Starts what the coroutine waits for.
    func begin(_ body: @escaping @LoopActor @Sendable () async throws -> [LuaValue]) {
        generation += 1
        phase = .waiting
        if let reason = pendingCancel {
            pendingCancel = nil
            return resume(.failure(LuaRaise(object: reason)))
        }
        let number = generation
        wait = LoopActor.task { [weak self, home] in
            let result: Result<[LuaValue], any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            guard let self, self.generation == number, case .waiting = self.phase else {
                return home.state?.discard(result) ?? ()
            }
            self.resume(result)
        }
    }

    private func resume(_ result: Result<[LuaValue], any Error>) {
        wait = nil
        outcome = result
        phase = .ready
        home.state?.enqueue(self)
    }

    /// Raises `reason` at the task's wait, at the next one if it does not wait now.
    ///
    /// - Parameter again: whether one that is unwinding already is to be cancelled once more.
    ///
    /// The error cannot be caught: it unwinds the task, whose `__close` handlers may wait.
    func cancel(_ reason: Diagnostic = .cancelled, again: Bool = false) {
        guard again || !wasCancelled, !hasEnded else { return }
        wasCancelled = true
        let object = LuaErrorObject(reason, stops: true, home: home)
        switch phase {
        case .fresh: end(.failure(LuaError(reason)))
        case .waiting:
            generation += 1
            wait?.cancel()
            resume(.failure(LuaRaise(object: object)))
        case .ready, .running: pendingCancel = object
        case .ended: break
        }
    }

    func end(_ result: Result<[LuaValue], LuaError>) {
        generation += 1
        wait?.cancel()
        wait = nil
        phase = .ended(result.mapError(\.fromOutside))
        // Nobody has to be told of a cancellation that was asked for.
        if wasCancelled, failure?.diagnostic.verdict == .interrupted { wasObserved = true }
        scope?.ended(self)
        home.state?.tasksChanged.notify()
    }

    /// The results; raises what the task failed with.
    func result() throws -> [LuaValue] {
        guard case .ended(let result) = phase else { return [] }
        wasObserved = true
        return try result.get()
    }
}

/// An error object that is raised as it is.
struct LuaRaise: Error {
    let object: LuaErrorObject
}

/// The tasks of one run: they end with it.
@LoopActor
final class LuaScope {
    private(set) var live: [ObjectIdentifier: LuaTask] = [:]
    /// Failed, and nobody has waited for them yet.
    private var failed: [LuaTask] = []

    nonisolated init() {}

    func add(_ task: LuaTask) { live[ObjectIdentifier(task)] = task }

    func ended(_ task: LuaTask) {
        live[ObjectIdentifier(task)] = nil
        if task.failure != nil { failed.append(task) }
    }

    /// The errors that nobody has seen, each once.
    func takeUnseen() -> [LuaError] {
        defer { failed.removeAll() }
        let unseen = failed.filter { !$0.wasObserved }
        for task in unseen { task.wasObserved = true }
        return unseen.compactMap(\.failure)
    }

    /// Forgets failures that were seen.
    func forgetSeen() { failed.removeAll { $0.wasObserved } }
}
