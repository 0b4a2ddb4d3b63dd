import QshRuntime
import SystemPackage

/// What a Lua state is made with.
public struct LuaConfiguration: Sendable {
    /// Where `require` looks first, in order: the recipe's own folder.
    public var moduleFolders: [FilePath] = []
    /// Where `require` looks next; frames in these folders do not count as the recipe's.
    public var libraryFolders: [FilePath] = []
    /// Told of Lua's warnings, errors in `__gc` among them. Must not call Lua.
    public var onWarning: @LoopActor @Sendable (String) -> Void = { _ in }
    /// Told of errors in spawned tasks for which nobody waited.
    public var onTaskError: @LoopActor @Sendable (LuaError) -> Void = { _ in }
    /// How long coroutines may take to unwind at the end before they are abandoned.
    public var unwindLimit: Duration = .seconds(30)
    /// Makes the n-th allocation from now on fail, and each later one; for tests.
    var failingAllocation: Int?

    /// Makes the default configuration.
    public init() {}
}
