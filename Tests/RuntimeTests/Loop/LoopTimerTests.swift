import QshRuntime
import TestSupport
import Testing

@Suite struct LoopTimerTests {
    init() { TestLoop.start() }

    @Test @LoopActor func aTimerMaySetAnother() async throws {
        let changed = Broadcast()
        var calls = 0
        _ = EventLoop.shared.at(.after(.milliseconds(1))) {
            calls += 1
            _ = EventLoop.shared.at(.after(.milliseconds(1))) {
                calls += 1
                changed.notify()
            }
        }

        let inTime = try await changed.wait(until: .after(.seconds(5))) { calls == 2 }

        #expect(inTime)
    }
}
