import SystemPackage

extension Machine {
    /// Stops the guest's processors; memory and devices stay as they are.
    public func pause(until deadline: Deadline) async throws {
        try await qmp.execute("stop", until: deadline)
    }

    /// Lets the guest run on.
    public func resume(until deadline: Deadline) async throws {
        try await qmp.execute("cont", until: deadline)
    }

    /// Presses the power button. What the guest makes of it is its own affair.
    public func pressPowerButton(until deadline: Deadline) async throws {
        try await qmp.execute("system_powerdown", until: deadline)
    }

    /// Presses the reset button: the guest boots anew.
    ///
    /// A machine for which a reboot is the end (QEMU's `-no-reboot`) is told that it is not, until
    /// the guest prints something: SeaBIOS answers a reset with one of its own.
    ///
    /// - Throws: ``QMPError`` or `CancellationError`.
    public func reset(until deadline: Deadline) async throws {
        let before = qmp.eventCount
        if configuration.endsOnReboot { try await setReboot("reset", until: deadline) }
        try await qmp.execute("system_reset", until: deadline)
        guard try await qmp.event("RESET", after: before, until: deadline) != nil else {
            throw QMPError.noEvent("RESET", after: .zero)
        }
        if configuration.endsOnReboot { endOnRebootOnceItPrints() }
    }

    private func endOnRebootOnceItPrints() {
        var subscriber: Int?
        subscriber = console.subscribe { [weak self, qmp] _ in
            LoopActor.assumeIsolated {
                if let subscriber { self?.console.unsubscribe(subscriber) }
                subscriber = nil
            }
            LoopActor.task {
                _ = try? await qmp.execute(
                    "set-action", ["reboot": "shutdown"], until: .after(.seconds(5)))
            }
        }
    }

    /// `set-action` is there since QEMU 6.0.
    private func setReboot(_ action: String, until deadline: Deadline) async throws {
        try await qmp.execute("set-action", ["reboot": .string(action)], until: deadline)
    }

    /// Has QEMU write a file, which appears under its name when it is complete.
    func write(
        _ path: FilePath, _ body: (_ temporary: FilePath) async throws -> Void
    ) async throws {
        let file = FileTree.absolute(path)
        let draft = try FileDraft(for: file, writer: .anotherProgram)
        try await body(draft.path)
        try draft.commit()
    }
}
