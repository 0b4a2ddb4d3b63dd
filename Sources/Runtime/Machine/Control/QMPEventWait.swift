extension QMPClient {
    /// The first kept event of one of `names` whose number, counted from 0 over all there were, is
    /// not below what `start` says for its name.
    func event(
        of names: [String], from start: (String) -> Int
    ) -> (number: Int, event: QMPEvent)? {
        let first = eventCount - events.count
        for (offset, event) in events.enumerated()
        where names.contains(event.name) && first + offset >= start(event.name) {
            return (first + offset, event)
        }
        return nil
    }

    /// Waits for an event that no call of this function has returned yet.
    ///
    /// One that came before the call counts, so that an event cannot slip in between a command and
    /// the wait for what it causes.
    ///
    /// - Throws: ``QMPError`` or `CancellationError`.
    public func nextEvent(
        of names: [String], until deadline: Deadline
    ) async throws -> QMPEvent {
        let begin = Deadline.now
        func find() -> (number: Int, event: QMPEvent)? {
            event(of: names) { taken[$0] ?? 0 }
        }
        let inTime = try await changed.wait(until: deadline) { find() != nil || hasEnded }
        if let found = find() {
            taken[found.event.name] = found.number + 1
            return found.event
        }
        if let failure { throw failure }
        let words = names.joined(separator: "` or `")
        throw inTime
            ? QMPError.endedBeforeEvent(words)
            : QMPError.noEvent(words, after: Deadline.now - begin)
    }

    /// Waits for an event that came after the first `count` ones; nil where none did in time.
    func event(
        _ names: String..., after count: Int, until deadline: Deadline
    ) async throws -> QMPEvent? {
        try await numberedEvent(names, after: count, until: deadline)?.event
    }

    /// As ``event(_:after:until:)``, with its number.
    func numberedEvent(
        _ names: [String], after count: Int, until deadline: Deadline
    ) async throws -> (number: Int, event: QMPEvent)? {
        func find() -> (number: Int, event: QMPEvent)? { event(of: names) { _ in count } }
        _ = try await changed.wait(until: deadline) { find() != nil || hasEnded }
        return find()
    }
}
