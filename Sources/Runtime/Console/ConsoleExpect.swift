extension Console {
    /// Waits until one of the patterns matches.
    ///
    /// Text that came before the call and that no wait has consumed counts. The match that begins
    /// first in the stream wins, among equals the pattern named first.
    ///
    /// - Throws: ``ConsoleError``, or `CancellationError`.
    public func expect(
        _ patterns: [ConsolePattern], limits: ExpectLimits = ExpectLimits()
    ) async throws -> ExpectResult {
        if let wait { throw ConsoleError.busy(waiting: wait.patterns) }
        if let onDecision {
            let list = JSONValue.array(patterns.map { .string($0.source) }).bytes
            onDecision("expect " + String(decoding: list, as: UTF8.self))
        }
        wait = ConsoleWait(
            patterns: patterns.map(\.source),
            expectation: Expectation(patterns, from: stream.cursor), limits: limits,
            received: stream.window.end - stream.window.start)
        defer { wait = nil }
        attempt(isFinal: false)
        if lastOutput + configuration.pause < .now || hasEnded {
            stream.withHeldText { self.attempt(isFinal: true) }
        }
        failAtOnce()
        return try await finishWait()
    }

    /// Waits until one literal appears.
    public func expect(
        _ text: String, limits: ExpectLimits = ExpectLimits()
    ) async throws -> ExpectResult {
        try await expect([.literal(text)], limits: limits)
    }

    /// Waits until nothing has been printed for `quiet`, counted from the call at the earliest.
    ///
    /// - Throws: ``ConsoleError``, or `CancellationError`.
    public func settle(quiet: Duration, limit: Duration = .seconds(60)) async throws {
        if let wait { throw ConsoleError.busy(waiting: wait.patterns) }
        onDecision?("settle \(quiet.inSeconds)")
        let wait = ConsoleWait(
            patterns: [], expectation: nil, limits: ExpectLimits(total: limit, silence: quiet))
        self.wait = wait
        defer { self.wait = nil }
        failAtOnce()
        do {
            _ = try await finishWait()
        } catch ConsoleError.silent {
            return
        } catch ConsoleError.timedOut(_, let failure) {
            throw ConsoleError.notSettled(quiet: quiet, limit: limit, failure)
        }
    }

    private func finishWait() async throws -> ExpectResult {
        while let current = wait, current.outcome == nil {
            let deadline = current.deadline(lastOutput: lastOutput, scale: timeScale)
            let inTime = try await changed.wait(until: min(deadline, resendTime)) {
                self.wait?.outcome != nil
            }
            if !inTime {
                try await resendLine()
                expire()
            }
        }
        guard var result = try wait?.outcome?.get(), let started = wait?.started else {
            throw CancellationError()
        }
        result.elapsed = .now - started
        noteLateMatch(result.elapsed)
        if result.source == .program { timeline.takeMatch(at: .now) }
        return result
    }

    /// Ends the wait whose deadline has passed, unless output has moved it.
    private func expire() {
        guard let wait, wait.deadline(lastOutput: lastOutput, scale: timeScale).hasPassed else {
            return
        }
        finishCrash()
        guard self.wait?.outcome == nil else { return }
        let isTotal = wait.limits.total.map { (wait.started + timeScale($0)).hasPassed } ?? false
        let limit =
            (isTotal || wait.limits.silence == nil ? wait.limits.total : wait.limits.silence)
        var failure = failure(of: wait)
        failure.scaled = limit.flatMap { timeScale.words(for: $0) }
        let length = timeScale(limit ?? .zero)
        if isTotal || wait.limits.silence == nil {
            resolve(.failure(.timedOut(length, failure)))
        } else {
            resolve(.failure(.silent(length, failure)))
        }
    }

    /// Tells where only the stretched limit let the wait succeed.
    private func noteLateMatch(_ elapsed: Duration) {
        guard let wait, let limit = wait.limits.total, elapsed > limit,
            let words = timeScale.words(for: limit)
        else { return }
        onScaledWait?("the wait took \(elapsed.inSeconds); \(words)")
    }

    /// Ends a wait that cannot succeed any more.
    private func failAtOnce() {
        guard let current = wait, current.outcome == nil else { return }
        if undelivered != nil, crashTimer == nil { finishCrash() }
        if wait?.outcome == nil, hasEnded { resolve(.failure(.ended(failure(of: current)))) }
    }

    /// Tries the patterns on the text as it is.
    ///
    /// - Returns: whether one matched.
    @discardableResult
    func attempt(isFinal: Bool) -> Bool {
        guard wait?.outcome == nil, wait?.isCrashing != true else { return false }
        guard let decision = wait?.expectation?.evaluate(stream, isFinal: isFinal) else {
            return false
        }
        switch decision {
        case .matched(let result):
            resolve(.success(result))
            return true
        case .tooMuchWork(let pattern):
            let reason = "matching it on this output takes too much work"
            resolve(.failure(.badPattern(pattern: pattern, reason: reason)))
        case .none:
            guard let wait, let limit = wait.limits.bytes, wait.received >= limit else { break }
            resolve(.failure(.tooMuchOutput(limit, failure(of: wait))))
        }
        return false
    }

    func resolve(_ outcome: Result<ExpectResult, ConsoleError>) {
        guard wait != nil, wait?.outcome == nil else { return }
        wait?.outcome = outcome
        changed.notify()
    }

    /// What is known now, for an error.
    func failure(of wait: ConsoleWait?) -> ExpectFailure {
        transcript.flush()
        return ExpectFailure(
            patterns: wait?.patterns ?? [], elapsed: wait.map { .now - $0.started } ?? .zero,
            state: describeState?(), lastLines: transcript.lastLines(configuration.lastLines),
            transcript: transcript.path, echoed: echoedLine)
    }

    /// The last typed line, where it came back and nothing behind it.
    var echoedLine: String? {
        guard let (text, position) = lastTyped, !text.isEmpty else { return nil }
        let answer = stream.window.bytes(max(position, stream.cursor)..<stream.window.end)
        guard answer.last == .lineFeed else { return nil }
        return answer.dropLast().elementsEqual(text.utf8) ? text : nil
    }
}
