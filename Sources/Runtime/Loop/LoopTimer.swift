/// A pending call of ``EventLoop/at(_:_:)``.
public final class LoopTimer {
    fileprivate var action: (@LoopActor () -> Void)?
    fileprivate let deadline: Deadline

    fileprivate init(deadline: Deadline, action: @escaping @LoopActor () -> Void) {
        self.deadline = deadline
        self.action = action
    }

    /// Drops the call if it has not been made.
    public func cancel() { action = nil }
}

/// Pending timers as a binary heap; cancelled ones are dropped when they reach the top.
struct TimerQueue {
    private var heap: [LoopTimer] = []

    mutating func add(_ deadline: Deadline, _ action: @escaping @LoopActor () -> Void) -> LoopTimer
    {
        let timer = LoopTimer(deadline: deadline, action: action)
        guard !deadline.isNever else { return timer }
        heap.append(timer)
        var child = heap.count - 1
        while child > 0, heap[child].deadline < heap[(child - 1) / 2].deadline {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
        return timer
    }

    /// Time to the next call for `epoll_wait`, rounded up; -1 where there is none.
    mutating func millisecondsToNext() -> Int32 {
        while let first = heap.first, first.action == nil { removeFirst() }
        return heap.first?.deadline.pollMilliseconds ?? -1
    }

    /// Takes out the next call that is due; nil where there is none.
    ///
    /// The caller makes it afterwards, since it may add timers of its own.
    mutating func takeDue() -> (@LoopActor () -> Void)? {
        while let first = heap.first, first.action == nil || first.deadline.hasPassed {
            removeFirst()
            guard let action = first.action else { continue }
            first.action = nil
            return action
        }
        return nil
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].deadline < heap[least].deadline {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
