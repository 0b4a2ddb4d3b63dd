import QshRuntime
import TestSupport
import Testing

@Suite struct BroadcastTests {
    init() { TestLoop.start() }

    @Test @LoopActor func deadlineEndsAWait() async throws {
        let changed = Broadcast()
        let start = Deadline.now

        let woken = try await changed.wait(until: .after(.milliseconds(20))) { false }

        #expect(!woken)
        #expect(Deadline.now - start >= .milliseconds(20))
    }

    @Test @LoopActor func notifyWakesEveryWaiter() async throws {
        let changed = Broadcast()
        var isReady = false
        var woken = 0
        let tasks = (0..<3).map { _ in
            LoopActor.task {
                let inTime = try? await changed.wait(until: .after(.seconds(5))) { isReady }
                woken += inTime == true ? 1 : 0
            }
        }
        await Task.yield()
        isReady = true
        changed.notify()
        for task in tasks { await task.value }

        #expect(woken == 3)
    }

    @Test @LoopActor func cancellationEndsAWait() async {
        let changed = Broadcast()
        var caught: (any Error)?
        let task = LoopActor.task {
            do { _ = try await changed.wait(until: .never) { false } } catch { caught = error }
        }
        await Task.yield()

        task.cancel()
        await task.value

        #expect(caught is CancellationError)
    }
}
