import QshRuntime
import Testing
import TestSupport

@Suite struct BroadcastTests {
    init() { TestLoop.start() }

    @Test @LoopActor func deadlineEndsAWait() async throws {
        let changed = Broadcast()
        let start = Deadline.now

        let woken = try await changed.wait(until: .after(.milliseconds(20)))

        #expect(!woken)
        #expect(Deadline.now - start >= .milliseconds(20))
    }

    @Test @LoopActor func notifyWakesEveryWaiter() async throws {
        let changed = Broadcast()
        var woken = 0
        let tasks = (0..<3).map { _ in
            LoopActor.task { woken += (try? await changed.wait(until: .never)) == true ? 1 : 0 }
        }
        while woken < 3 {
            await Task.yield()
            changed.notify()
        }
        for task in tasks { await task.value }

        #expect(woken == 3)
    }

    @Test @LoopActor func cancellationEndsAWait() async {
        let changed = Broadcast()
        var caught: (any Error)?
        let task = LoopActor.task {
            do { _ = try await changed.wait(until: .never) } catch { caught = error }
        }
        await Task.yield()

        task.cancel()
        await task.value

        #expect(caught is CancellationError)
    }
}
