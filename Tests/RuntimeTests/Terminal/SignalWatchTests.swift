import CLinux
import Glibc
import QshRuntime
import TestSupport
import Testing

@Suite(.serialized) struct SignalWatchTests {
    init() { TestLoop.start() }

    @Test @LoopActor func allWatchesAreCalledOnTheLoop() async throws {
        var first = 0
        var second = 0
        let changed = Broadcast()
        let one = SignalWatch(SIGUSR2) {
            first += EventLoop.shared.isCurrent ? 1 : 100
            changed.notify()
        }
        let other = SignalWatch(SIGUSR2) { second += 1 }
        kill(getpid(), SIGUSR2)
        #expect(try await changed.wait(until: .after(.seconds(10))) { first == 1 && second == 1 })
        one.cancel()
        kill(getpid(), SIGUSR2)
        #expect(try await untilTrue { second == 2 })

        #expect(first == 1)
        other.cancel()
    }

    @Test @LoopActor func theEarlierDispositionComesBack() {
        signal(SIGUSR2, SIG_IGN)
        SignalWatch(SIGUSR2) {}.cancel()

        #expect(disposition(SIGUSR2) == Int(bitPattern: 1))
        signal(SIGUSR2, SIG_DFL)
    }

    @Test @LoopActor func anIgnoredSignalStaysIgnored() {
        signal(SIGUSR2, SIG_IGN)
        let watch = SignalWatch(SIGUSR2) { Issue.record("called") }
        kill(getpid(), SIGUSR2)

        #expect(disposition(SIGUSR2) == 1)
        watch.cancel()
        signal(SIGUSR2, SIG_DFL)
    }

    @Test @LoopActor func theImmediateFunctionRunsInTheHandler() {
        let watch = SignalWatch(SIGINT) {}
        var called: Int32 = 0
        withUnsafeMutablePointer(to: &called) { flag in
            qsignal_set_immediate({ $0?.assumingMemoryBound(to: Int32.self).pointee = 1 }, flag)
            pthread_kill(pthread_self(), SIGINT)
            qsignal_set_immediate(nil, nil)
        }

        #expect(called == 1)
        #expect(qsignal_take(SIGINT) == 1)
        watch.cancel()
    }

    @LoopActor
    private func untilTrue(_ condition: @LoopActor () -> Bool) async throws -> Bool {
        let deadline = Deadline.after(.seconds(10))
        while !condition() {
            if deadline.hasPassed { return false }
            _ = try await Broadcast().wait(until: .after(.milliseconds(2))) { false }
        }
        return true
    }
}

private func disposition(_ number: Int32) -> Int {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
}
