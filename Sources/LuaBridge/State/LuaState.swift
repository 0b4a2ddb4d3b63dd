import QshRuntime

/// A Lua 5.4 interpreter whose coroutines run as tasks on the loop.
@LoopActor
public final class LuaState {
    let home = LuaHome()
    let configuration: LuaConfiguration

    /// Makes a state with Lua's standard libraries.
    ///
    /// - Throws: `LuaError` where memory runs out.
    public init(_ configuration: LuaConfiguration = LuaConfiguration()) throws {
        self.configuration = configuration
        home.state = self
    }

    /// Makes the modules fields of the global table `name`, which is made where it is not there;
    /// `qsh.task` comes with the first call.
    public func install(_ modules: [LuaModule], as name: String = "qsh") throws {
        throw LuaError.closed
    }

    /// Runs a recipe as the foreground task and returns its results, once every task that it
    /// spawned has ended or been cancelled and unwound.
    ///
    /// - Parameter arguments: what `...` and the global `arg` hold; `arg[0]` is the chunk's name.
    /// - Throws: `LuaError`; of kind `usage` where the chunk does not load.
    public func run(_ chunk: LuaChunk, arguments: [String] = []) async throws -> [LuaValue] {
        throw LuaError.closed
    }

    /// Runs one input of the REPL: as an expression if it is one, else as statements.
    ///
    /// Spawned tasks go on. Tables in the results are pinned, not copied.
    public func evaluate(_ chunk: LuaChunk) async throws -> [LuaValue] {
        throw LuaError.closed
    }

    /// Whether the chunk is the beginning of a longer one.
    public func isIncomplete(_ chunk: LuaChunk) -> Bool { false }

    /// What Lua's `tostring` gives; an error in `__tostring` is told in its place.
    public func describe(_ value: LuaValue) -> String { "" }

    /// The keys of the table or the fields of the object found by raw access along `path` from
    /// the globals, with the type of each value; no metamethod runs.
    public func names(at path: [String] = []) -> [(name: String, type: String)] { [] }

    /// Reports errors of spawned tasks that have ended and that nobody has waited for.
    public func reportFailedTasks() {}

    /// Stops what runs: an error of kind `interrupted` is raised in the running coroutine, or, if
    /// none runs, at the wait of the foreground task. May be called from any thread.
    public nonisolated func interrupt() {}

    /// Cancels and unwinds all tasks, then closes the state and collects all objects.
    public func close() async {}

    func call(_ function: LuaFunction, _ arguments: [LuaValue]) async throws -> [LuaValue] {
        throw LuaError.closed
    }

    func callWithoutWaiting(_ function: LuaFunction, _ arguments: [LuaValue]) throws -> [LuaValue] {
        throw LuaError.closed
    }
}
