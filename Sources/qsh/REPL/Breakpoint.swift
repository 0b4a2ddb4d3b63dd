import Glibc
import LuaBridge
import QshRuntime

/// A prompt that is asked for in the middle of a recipe.
///
/// The line editor runs the event loop itself, so it must be called from outside of it: the recipe
/// waits here, the loop stops, and whoever runs the loop opens the prompt (``MainLoop``).
@LoopActor
final class Breakpoint {
    enum Reason {
        /// `qsh.repl()` in the coroutine.
        case call(coroutine: LuaValue)
        /// The recipe failed, with this message.
        case failure(String)
    }

    let reason: Reason
    let interaction: Interaction
    private var outcome: Result<Void, any Error>?
    private let ended = Broadcast()

    private static var waiting: [Breakpoint] = []

    private init(_ reason: Reason, _ interaction: Interaction) {
        self.reason = reason
        self.interaction = interaction
    }

    /// Waits until the user has left the prompt.
    ///
    /// - Throws: what the prompt ended with, `LuaExit` for one.
    static func open(_ reason: Reason, _ interaction: Interaction) async throws {
        let breakpoint = Breakpoint(reason, interaction)
        waiting.append(breakpoint)
        EventLoop.shared.stop()
        _ = try await breakpoint.ended.wait(until: .never) { breakpoint.outcome != nil }
        try breakpoint.outcome?.get()
    }

    static func takeNext() -> Breakpoint? {
        waiting.isEmpty ? nil : waiting.removeFirst()
    }

    func end(_ outcome: Result<Void, any Error>) {
        self.outcome = outcome
        ended.notify()
    }
}

/// Runs the event loop for the program, and opens the prompts that recipes ask for.
enum MainLoop {
    /// Runs until `body` has ended. An error is reported and gives nil.
    @discardableResult
    static func run<Result: Sendable>(
        _ body: @escaping @LoopActor @Sendable () async throws -> Result
    ) -> Result? {
        let result = Box<Result?>(nil)
        let hasEnded = Box(false)
        LoopActor.task {
            do { result.value = try await body() } catch { _ = Session.report(error) }
            hasEnded.value = true
            EventLoop.shared.stop()
        }
        while !hasEnded.value {
            EventLoop.shared.run()
            if let breakpoint = LoopActor.assumeIsolated({ Unsent(Breakpoint.takeNext()) }).value {
                BreakpointPrompt(breakpoint).run()
            }
        }
        return result.value
    }
}

/// A value that stays on the loop's thread.
struct Unsent<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
