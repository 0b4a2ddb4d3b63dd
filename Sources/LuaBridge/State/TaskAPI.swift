import QshRuntime

/// `qsh.task`: several coroutines side by side.
@LoopActor
enum TaskAPI {
    nonisolated static let module = LuaModule(
        "task",
        primitives: [
            .immediate("spawn") { call in
                guard let state = call.state else { throw LuaError.closed }
                let function = try call.function(1, "body")
                var arguments: [LuaValue] = []
                for index in 1..<call.count { arguments.append(try call.pinned(at: index + 1)) }
                return [.object(try state.spawn(.function(function), arguments))]
            },
            .suspending("sleep") { call in
                let seconds = try call.number(1, "seconds")
                guard seconds >= 0 else {
                    throw call.mismatch(1, "seconds", expects: "a number of seconds, zero or more")
                }
                _ = try await Broadcast().wait(until: .after(seconds: seconds)) { false }
                return []
            },
            .suspending("all") { call in try await all(call) },
            .suspending("race") { call in try await race(call) },
        ])

    /// Waits for all; the first that fails cancels the others, and its error is raised.
    private static func all(_ call: LuaCall) async throws -> [LuaValue] {
        guard let state = call.state else { throw LuaError.closed }
        let tasks = try tasks(of: call, state)
        try await wait(state, tasks) {
            tasks.allSatisfy(\.hasEnded) || tasks.contains { $0.failure != nil }
        }
        guard let failed = tasks.first(where: { $0.failure != nil }) else {
            return try tasks.map { try $0.result().first ?? .null }
        }
        await stop(tasks, state)
        return try failed.result()
    }

    /// Waits for the first that ends, however it ends, and cancels the others.
    private static func race(_ call: LuaCall) async throws -> [LuaValue] {
        guard let state = call.state else { throw LuaError.closed }
        let tasks = try tasks(of: call, state)
        try await wait(state, tasks) { tasks.contains(where: \.hasEnded) }
        let first = tasks.first(where: \.hasEnded)
        await stop(tasks, state)
        return try first?.result() ?? []
    }

    /// Waits; where the caller is cancelled, so are the tasks.
    private static func wait(
        _ state: LuaState, _ tasks: [LuaTask], _ condition: @LoopActor () -> Bool
    ) async throws {
        do {
            _ = try await state.tasksChanged.wait(until: .never, for: condition)
        } catch {
            await stop(tasks, state)
            throw error
        }
    }

    private static func stop(_ tasks: [LuaTask], _ state: LuaState) async {
        for task in tasks {
            task.wasObserved = true
            task.cancel()
        }
        _ = await state.settled(by: .after(state.configuration.unwindLimit)) {
            tasks.allSatisfy(\.hasEnded)
        }
    }

    /// Functions and tasks, as arguments or in one list.
    private static func tasks(of call: LuaCall, _ state: LuaState) throws -> [LuaTask] {
        var values: [LuaValue] = []
        for index in 0..<call.count { values.append(call.value(at: index + 1)) }
        if case .table(let table)? = values.first, values.count == 1 { values = table.sequence }
        for (index, value) in values.enumerated() where !isTask(value) {
            throw call.mismatch(
                index + 1, "function", expects: "a function or a qsh.task", got: value)
        }
        return try values.compactMap { value in
            if case .object(let object) = value { return object as? LuaTask }
            return try state.spawn(value, [], in: call.caller?.scope)
        }
    }

    private static func isTask(_ value: LuaValue) -> Bool {
        switch value {
        case .function: true
        case .object(let object): object is LuaTask
        default: false
        }
    }
}

extension LuaTask {
    nonisolated static let luaType = LuaType(
        "qsh.task",
        methods: [
            .suspending("wait", hasTry: true) { call in
                try await call.receiver(as: LuaTask.self).waited(by: call.caller)
            },
            .immediate("cancel") { call in
                try call.receiver(as: LuaTask.self).cancel()
                return []
            },
        ],
        properties: [
            LuaProperty("status", of: LuaTask.self) { .text($0.status) }
        ])

    var luaDescription: String { "qsh.task (\(status))" }

    private var status: String {
        switch phase {
        case .fresh, .ready, .running: "running"
        case .waiting: "waiting"
        case .ended(.success): "done"
        case .ended(.failure): "failed"
        }
    }

    /// Cancels the task and waits until it has unwound.
    func luaClose() async {
        wasObserved = true
        cancel()
        guard let state = home.state else { return }
        _ = await state.settled(by: .never) { self.hasEnded }
    }

    private func waited(by caller: LuaTask?) async throws -> [LuaValue] {
        guard let state = home.state else { throw LuaError.closed }
        var waiting: LuaTask? = self
        while let task = waiting {
            if task === caller { throw LuaTaskError.waitsForItself }
            waiting = task.awaited
        }
        caller?.awaited = self
        defer { caller?.awaited = nil }
        _ = try await state.tasksChanged.wait(until: .never) { self.hasEnded }
        return try result()
    }
}

/// A wait that could never end.
enum LuaTaskError: DiagnosticError {
    case waitsForItself

    var diagnostic: Diagnostic {
        Diagnostic(.usage, "qsh.task:wait: the task waits for the one that calls, so neither ends")
    }
}
