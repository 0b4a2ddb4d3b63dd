import CLuaShims
import QshRuntime
import Synchronization

/// What outlives a state: lets references find it, and collects those that were let go.
final class LuaHome: Sendable {
    private struct Handle: @unchecked Sendable {
        var lua: OpaquePointer?
    }

    private let dropped = Mutex<[Int32]>([])
    private let handle = Mutex(Handle(lua: nil))
    @LoopActor weak var state: LuaState?

    nonisolated init() {}

    func open(_ lua: OpaquePointer) { handle.withLock { $0.lua = lua } }

    /// From now on references that are let go are nobody's any more.
    func close() { handle.withLock { $0.lua = nil } }

    /// Interrupts the state unless it is closed; from any thread.
    func interrupt() {
        handle.withLock { handle in
            if let lua = handle.lua { qlua_interrupt(lua) }
        }
    }

    /// Releases nothing itself: a deinit may run in the middle of a Lua call.
    func release(_ index: Int32) { dropped.withLock { $0.append(index) } }

    /// The references let go since the last time.
    func takeDropped() -> [Int32] {
        dropped.withLock { list in
            if list.isEmpty { return [] }
            defer { list = [] }
            return list
        }
    }
}
