import CLuaShims
import QshRuntime

extension LuaState {
    /// Runs a recipe as the foreground task and returns its results, once every task that it
    /// spawned has ended or been cancelled and unwound.
    ///
    /// - Parameter arguments: what `...` and the global `arg` hold; `arg[0]` is the chunk's name.
    /// - Throws: `LuaError`; of kind `usage` where the chunk does not load. ``LuaExit`` where the
    ///   recipe called `os.exit`.
    public func run(_ chunk: LuaChunk, arguments: [String] = []) async throws -> [LuaValue] {
        let function = try load(chunk.source, chunk)
        let values = arguments.map { LuaValue.text($0) }
        var table = LuaTable(values)
        table.fields = [.init(.integer(0), .text(chunk.name))]
        try perform(QLUA_OP_GLOBAL, ["arg", .table(table)])
        let scope = LuaScope()
        let outer = self.scope
        self.scope = scope
        defer { self.scope = outer }
        do {
            let results = try await foreground(function, values, in: scope)
            await end(scope)
            return results
        } catch {
            await beforeClose?()
            await end(scope)
            throw error
        }
    }

    /// Runs one input of the REPL: as an expression if it is one, else as statements.
    ///
    /// Spawned tasks go on. Tables in the results are pinned, not copied.
    ///
    /// - Parameter prepare: is given the loaded function and returns the one to run.
    public func evaluate(
        _ chunk: LuaChunk, prepare: (LuaValue) throws -> LuaValue = { $0 }
    ) async throws -> [LuaValue] {
        let expression = try? load(Array("return ".utf8) + chunk.source, chunk)
        let function = try expression ?? load(chunk.source, chunk)
        return try await foreground(prepare(function), [], in: scope)
    }

    /// Compiles the chunk and runs nothing of it.
    ///
    /// - Throws: `LuaError` of kind `usage` where it does not load.
    public func check(_ chunk: LuaChunk) throws { _ = try load(chunk.source, chunk) }

    /// The value of a field of a global table: `qsh.version`.
    func field(_ name: String, of table: String) throws -> LuaValue {
        let source = Array("return \(table).\(name)".utf8)
        let function = try load(source, LuaChunk("", name: "field"))
        return try perform(QLUA_OP_CALL, [function]).first ?? .null
    }

    /// Whether the chunk is the beginning of a longer one.
    public func isIncomplete(_ chunk: LuaChunk) -> Bool {
        do {
            _ = try load(chunk.source, chunk)
            return false
        } catch {
            return error.diagnostic.message.hasSuffix("near <eof>")
        }
    }

    private func foreground(
        _ function: LuaValue, _ arguments: [LuaValue], in scope: LuaScope
    ) async throws -> [LuaValue] {
        let task = try spawn(function, arguments, in: scope)
        foregroundRuns += 1
        let outer = (task: foreground, run: foregroundRun)
        foreground = task
        foregroundRun = foregroundRuns
        exit = nil
        isStopping = false
        defer {
            foreground = outer.task
            foregroundRun = outer.run
            isStopping = false
        }
        do {
            return try await finish(task)
        } catch {
            if let exit { throw exit }
            throw error
        }
    }

    private func load(_ source: [UInt8], _ chunk: LuaChunk) throws(LuaError) -> LuaValue {
        do {
            let name = "=" + chunk.name
            let made = try perform(
                QLUA_OP_LOAD, [.string(LuaChunk.withoutInterpreter(source)), .text(name)])
            return made.first ?? .null
        } catch {
            throw LuaError.loading(chunk, error)
        }
    }

    func call(_ function: LuaFunction, _ arguments: [LuaValue]) async throws -> [LuaValue] {
        let task = try spawn(.function(function), arguments)
        var copied: [LuaValue] = []
        for value in try await finish(task) { copied.append(try copy(value)) }
        return copied
    }

    func callWithoutWaiting(_ function: LuaFunction, _ arguments: [LuaValue]) throws -> [LuaValue] {
        try perform(QLUA_OP_CALL, [.function(function)] + arguments)
    }

    /// The data of a pinned table; every other value as it is.
    public func copy(_ value: LuaValue) throws -> LuaValue {
        guard case .opaque(let reference) = value, reference.typeName == "table" else {
            return value
        }
        return try perform(QLUA_OP_VALUES, [value]).first ?? .null
    }

    /// What Lua's `tostring` gives; an error in `__tostring` is told in its place.
    public func describe(_ value: LuaValue) -> String {
        do {
            return try perform(QLUA_OP_TEXT, [value]).first?.text ?? "nil"
        } catch {
            return "(tostring failed: \(error))"
        }
    }

    /// The keys of the table or the fields of the object found by raw access along `path` from
    /// the globals, with the type of each value; no metamethod runs.
    public func names(at path: [String] = []) -> [(name: String, type: String)] {
        let found = try? perform(QLUA_OP_NAMES, path.map { .text($0) }).first
        guard case .table(let table)? = found else { return [] }
        return table.named.map { ($0.key, $0.value.text ?? "") }
    }

    /// Reports errors of spawned tasks that have ended and that nobody has waited for.
    public func reportFailedTasks() {
        for error in scope.takeUnseen() { configuration.onTaskError(error) }
    }

    /// What a signal handler on the loop's thread may call to stop running Lua at once, with its
    /// argument; ``interruptWait()`` is for the loop to call afterwards. Nil once closed.
    public var signalHook:
        (
            function: @convention(c) (UnsafeMutableRawPointer?) -> Void,
            context: UnsafeMutableRawPointer
        )?
    {
        guard let lua else { return nil }
        let function: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
            if let context { qlua_interrupt(OpaquePointer(context)) }
        }
        return (function, UnsafeMutableRawPointer(lua))
    }

    /// Cancels the foreground task's wait where a ``signalHook`` call found nothing running.
    public func interruptWait() { deliverInterrupt() }

    /// Forgets a ``signalHook`` call that found nothing running.
    public func dropInterrupt() {
        if let lua { _ = qlua_take_interrupt(lua) }
    }

    /// Stops what runs: an error of kind `interrupted` is raised in the running coroutine, or, if
    /// none runs, at the wait of the foreground task. May be called from any thread.
    public nonisolated func interrupt() {
        home.interrupt()
        LoopActor.task { self.deliverInterrupt() }
    }
}

extension LuaChunk {
    /// The source without a first line for the kernel (`#!`), whose end stays, so that lines keep
    /// their numbers; and without a byte order mark.
    static func withoutInterpreter(_ source: [UInt8]) -> [UInt8] {
        var rest = source[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        if rest.first == UInt8(ascii: "#") { rest = rest.drop { $0 != UInt8(ascii: "\n") } }
        return Array(rest)
    }
}

extension LuaError {
    /// A chunk that does not load: Lua's message starts with the place, bytecode has none.
    static func loading(_ chunk: LuaChunk, _ error: any Error) -> LuaError {
        guard let error = error as? LuaError else {
            return LuaError(Diagnostic(.usage, "cannot load `\(chunk.name)`: \(error)"))
        }
        let message = error.diagnostic.message
        let rest = message.drop { $0 != ":" }.dropFirst()
        let line = rest.prefix { $0.isNumber }
        guard !line.isEmpty, rest.dropFirst(line.count).hasPrefix(": ") else {
            return LuaError(
                Diagnostic(.usage, "cannot load `\(chunk.name)`: \(message)"), value: error.value)
        }
        return LuaError(
            Diagnostic(.usage, "syntax error: \(rest.dropFirst(line.count + 2))"),
            location: "\(chunk.name):\(line)", value: error.value)
    }
}
