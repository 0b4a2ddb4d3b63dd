import QshRuntime
import Synchronization

/// What outlives a state: lets references find it, and collects those that were let go.
final class LuaHome: Sendable {
    private let dropped = Mutex<[Int32]>([])
    /// Set and read on the loop's thread only.
    @LoopActor weak var state: LuaState?

    nonisolated init() {}

    /// Releases nothing itself: a deinit may run in the middle of a Lua call.
    nonisolated func release(_ index: Int32) { dropped.withLock { $0.append(index) } }

    /// The references let go since the last time.
    nonisolated func takeDropped() -> [Int32] {
        dropped.withLock { list in
            defer { list.removeAll(keepingCapacity: true) }
            return list
        }
    }
}
