import CLuaShims
import QshRuntime

/// Runs coroutines. Completions only queue; coroutines are stepped by the loop alone, one after
/// the other, never from within a call.
extension LuaState {
    /// Makes a coroutine that calls `function`, and queues its first step.
    func spawn(
        _ function: LuaValue, _ arguments: [LuaValue], in scope: LuaScope? = nil
    ) throws -> LuaTask {
        let made = try perform(QLUA_OP_TASK, [function] + arguments)
        guard made.count == 2, case .integer(let address) = made[1],
            let coroutine = OpaquePointer(bitPattern: Int(address))
        else { throw LuaError.noMemory }
        let scope = scope ?? current?.scope ?? self.scope
        let task = LuaTask(thread: made[0], coroutine: coroutine, scope: scope, home: home)
        scope.forgetSeen()
        scope.add(task)
        enqueue(task)
        return task
    }

    func enqueue(_ task: LuaTask) {
        ready.append(task)
        guard !pumpIsQueued else { return }
        pumpIsQueued = true
        LoopActor.task { self.pump() }
    }

    /// Steps the tasks that are ready now; those that get ready meanwhile have their turn after
    /// the loop's other work.
    private func pump() {
        pumpIsQueued = false
        let batch = ready
        ready.removeAll(keepingCapacity: true)
        for task in batch where !task.hasEnded { step(task) }
    }

    private func step(_ task: LuaTask) {
        guard let lua else { return }
        releaseDropped()
        var request = qlua_request()
        request.flags = Int32(QLUA_PIN_TABLES)
        // What was interrupted must get its turn to unwind.
        if isStopping, task !== foreground { request.flags |= Int32(QLUA_BOUNDED) }
        pendingWait = nil
        current = task
        // A `<close>` handler may wait while an error passes it, and other tasks run meanwhile.
        trace = task.trace
        let status: Int32
        if let outcome = task.startStep() {
            var reply = reply(for: outcome)
            status = qlua_step(lua, task.coroutine, &reply, &request)
        } else {
            status = qlua_step(lua, task.coroutine, nil, &request)
        }
        current = nil
        settle(task, Int(status), request)
        deliverInterrupt()
    }

    private func settle(_ task: LuaTask, _ status: Int, _ request: qlua_request) {
        let wait = pendingWait
        pendingWait = nil
        if status == QLUA_SUSPENDED {
            task.trace = trace
            if let wait { task.begin(wait) } else { task.begin { [] } }
            return
        }
        let values = read(request)
        task.end(
            status == QLUA_DONE ? .success(values) : .failure(error(values, request.identity)))
    }

    private func reply(for outcome: Result<[LuaValue], any Error>) -> qlua_reply {
        var reply = qlua_reply()
        do {
            try send(outcome.get(), in: &reply)
        } catch let error as LuaRaise {
            raise(error.object, in: &reply)
        } catch {
            raise(error, in: &reply)
        }
        return reply
    }

    /// Collects the objects that came from a cancelled wait and that no recipe holds.
    func discard(_ result: Result<[LuaValue], any Error>) {
        guard case .success(let values) = result else { return }
        for value in values { discard(value) }
    }

    private func discard(_ value: LuaValue) {
        switch value {
        case .object(let object):
            if let lua, qlua_holds(lua, objectIdentity(object)) != 0 { return }
            object.luaCollect()
        case .table(let table):
            for value in table.sequence { discard(value) }
            for field in table.fields { discard(field.value) }
        default: break
        }
    }

    // MARK: waiting for tasks

    /// Waits for a task on Swift's behalf. A cancelled caller cancels the task, and still waits
    /// until it has unwound.
    func finish(_ task: LuaTask) async throws -> [LuaValue] {
        await withTaskCancellationHandler {
            _ = await settled(by: .never) { task.hasEnded }
        } onCancel: {
            LoopActor.task { task.cancel() }
        }
        return try task.result()
    }

    /// Waits also while the caller is cancelled.
    func settled(
        by deadline: Deadline, _ condition: @escaping @LoopActor @Sendable () -> Bool
    ) async -> Bool {
        var held = false
        await LoopActor.task { [tasksChanged] in
            held = (try? await tasksChanged.wait(until: deadline, for: condition)) ?? false
        }.value
        return held
    }

    /// Cancels what still runs in a scope and waits until it has unwound; what does not, in spite
    /// of being cancelled once a second, is abandoned.
    func end(_ scope: LuaScope) async {
        let limit = Deadline.after(configuration.unwindLimit)
        for task in scope.live.values { task.cancel() }
        while !scope.live.isEmpty, !limit.hasPassed {
            let soon = min(limit, .after(.seconds(1)))
            if await settled(by: soon, { scope.live.isEmpty }) { break }
            for task in scope.live.values { task.cancel(again: true) }
        }
        for task in scope.live.values { abandon(task) }
        for error in scope.takeUnseen() { configuration.onTaskError(error) }
    }

    private func abandon(_ task: LuaTask) {
        if let lua { qlua_abandon(lua, task.coroutine) }
        let seconds = configuration.unwindLimit.seconds
        task.end(
            .failure(
                LuaError(
                    Diagnostic(
                        .hung, "the task did not end within \(seconds) s of being cancelled"))))
    }

    // MARK: interrupts

    /// Cancels the foreground task's wait where an interrupt came that no running code has taken.
    func deliverInterrupt() {
        guard let lua, qlua_take_interrupt(lua) != 0 else { return }
        isStopping = foreground != nil
        foreground?.cancel(.interrupted, again: true)
    }

    /// Called where running code takes the interrupt: a spawned task's end is not the recipe's.
    func interruptForegroundUnlessRunning(_ reason: Diagnostic = .interrupted) {
        guard let foreground, !isStopping else { return }
        isStopping = true
        if foreground !== current { foreground.cancel(reason, again: true) }
    }
}
