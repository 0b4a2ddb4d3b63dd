import TestSupport
import Testing

@testable import QshRuntime

@Suite struct TimeScaleTests {
    init() { TestLoop.start() }

    @Test func whatStretchesALimitIsSaid() {
        #expect(TimeScale.of(.kvm) == TimeScale())
        #expect(TimeScale.of(.kvm).words(for: .seconds(1)) == nil)
        #expect(TimeScale.of(.tcg)(.seconds(3)) == .seconds(6))
        #expect(
            TimeScale.of(.tcg, recipe: 1.5).withDebugFeature("kasan").words(for: .seconds(2))
                == "the limit of 2.0 s counts 6 times: qsh.timeout_scale, tcg, a kasan kernel")
    }

    @Test(arguments: [
        "kasan: KernelAddressSanitizer initialized (generic)",
        "Lock dependency validator: Copyright (c) 2006 Red Hat", "kcsan: enabled early",
    ])
    @LoopActor func aDebugKernelIsToldFromItsLog(line: String) {
        let guest = FakeGuest(.quick)
        guest.prints("[    0.000000] Linux version 6.1.0\r\n[    0.010000] \(line)\r\n")

        #expect(guest.console.timeScale.factor == 2)
    }

    @Test @LoopActor func anOrdinaryKernelIsNot() throws {
        let guest = FakeGuest(.quick)
        guest.prints(try Fixture.bytes("transcripts/arm64-debian-clean-boot.txt"))

        #expect(guest.console.timeScale == TimeScale())
    }

    @Test @LoopActor func theErrorSaysThatTheLimitWasStretched() async throws {
        let guest = FakeGuest(.quick)
        guest.console.baseScale = TimeScale(factor: 2, reasons: ["tcg"])

        let error = await #expect(throws: ConsoleError.self) {
            try await guest.console.expect("x", limits: .init(total: .milliseconds(100)))
        }

        #expect(
            error?.diagnostic.message == "console: expected `x` but saw no match in 0.2 s")
        #expect(error?.diagnostic.notes.first == "the limit of 0.1 s counts 2 times: tcg")
    }

    @Test @LoopActor func aMatchThatNeededTheLongerLimitIsSaid() async throws {
        let guest = FakeGuest(.quick)
        guest.console.baseScale = TimeScale(factor: 1000, reasons: ["tcg"])
        var said: [String] = []
        guest.console.onScaledWait = { said.append($0) }
        let printing = LoopActor.task {
            _ = try? await Broadcast().wait(until: .after(.milliseconds(30))) { false }
            guest.prints("late")
        }

        _ = try await guest.console.expect("late", limits: .init(total: .milliseconds(10)))
        await printing.value

        #expect(said.count == 1)
        #expect(said.first?.hasSuffix("the limit of 0.0 s counts 1000 times: tcg") == true)
    }
}
