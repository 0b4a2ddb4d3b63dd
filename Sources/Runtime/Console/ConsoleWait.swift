/// A wait in progress.
struct ConsoleWait {
    var patterns: [String]
    var expectation: Expectation?
    var limits: ExpectLimits
    var received = 0
    var started = Deadline.now
    /// Whether the kernel crashed meanwhile: what it prints now matches nothing any more.
    var isCrashing = false
    var outcome: Result<ExpectResult, ConsoleError>?

    mutating func count(_ bytes: Int) { received += bytes }

    /// When the wait ends if nothing more comes.
    func deadline(lastOutput: Deadline, scale: TimeScale) -> Deadline {
        let total = limits.total.map { started + scale($0) } ?? .never
        let silence = limits.silence.map { max(lastOutput, started) + scale($0) } ?? .never
        return min(total, silence)
    }
}
