extension Console {
    /// Takes the kernel's word that something is wrong.
    func note(_ event: CrashEvent, _ isFatal: Bool) {
        onCrashEvent?(event)
        guard isFatal else { return }
        if undelivered == nil {
            // What was printed before the accident may still match, its own line included.
            attempt(isFinal: true)
            wait?.isCrashing = true
            scheduleCrash()
        }
        undelivered = stream.watch.reports.last
    }

    /// Ends the wait with the report that was being collected.
    func finishCrash() {
        crashTimer?.cancel()
        crashTimer = nil
        guard let report = undelivered else { return }
        let whole = stream.watch.reports.last { $0.events.first == report.events.first } ?? report
        guard let current = wait, current.outcome == nil else { return }
        resolve(.failure(.crashed(whole, failure(of: current))))
        // A dead kernel ends every wait from now on; a wounded one this wait only.
        if !whole.events.contains(where: { $0.severity == .fatal }) { undelivered = nil }
    }

    private func scheduleCrash() {
        crashTimer = EventLoop.shared.at(.after(configuration.reportGrace)) { [weak self] in
            self?.finishCrash()
        }
    }

    /// Looks for a panic of a kernel that prints no stamps (`CONFIG_PRINTK_TIME=n`).
    func noteUnstamped(isEnd: Bool) {
        guard !stream.log.hasStamps, undelivered == nil else { return }
        let tail = transcript.lastLines(UnstampedPanic.lines)
        guard let report = UnstampedPanic.find(in: tail, isEnd: isEnd) else { return }
        undelivered = report
        if !isEnd { finishCrash() }
    }
}
