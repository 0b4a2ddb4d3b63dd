import Glibc
import SystemPackage

extension Machine {
    /// Saves the machine as it is now. It stands still meanwhile, and then runs on.
    ///
    /// Commands that run in the guest are not in the snapshot's future: a restored machine kills
    /// them.
    ///
    /// - Throws: ``SnapshotError``, ``QMPError``, ``GuestAgentError`` or `CancellationError`.
    public func snapshot(until deadline: Deadline) async throws -> MachineSnapshot {
        guard try await changed.wait(until: deadline, for: { !isTakingSnapshot }) else {
            throw SnapshotError.notSaved("another snapshot is being taken")
        }
        isTakingSnapshot = true
        defer {
            isTakingSnapshot = false
            changed.notify()
        }
        let status = try await qmp.execute("query-status", until: deadline)
        let wasRunning = status["running"] == true
        // A frame that is cut in two would be lost on the agent.
        if wasRunning { try await commands?.hold(until: deadline) }
        defer { commands?.release() }
        if wasRunning { try await pause(until: deadline) }
        do {
            let snapshot = try await save(wasRunning, until: deadline)
            if wasRunning { try await resume(until: deadline) }
            return snapshot
        } catch {
            if wasRunning { try? await resume(until: .after(.seconds(5))) }
            throw error
        }
    }

    private func save(_ wasRunning: Bool, until deadline: Deadline) async throws -> MachineSnapshot
    {
        let (drives, folder) = try await copyDrives(until: deadline)
        let state = try await saveState(until: deadline)
        var memory: GuestMemory?
        do {
            if files.ownsMemory, let own = files.memory {
                memory = try await WorkerThread.run { _ in try own.copied() }
            }
        } catch let error as Errno {
            throw SnapshotError.noRoom(error)
        }
        var configuration = configuration
        configuration.drives = drives
        return MachineSnapshot(
            configuration: configuration, source: source, accelerator: accelerator,
            memory: memory, state: state, kernel: files.kernel, initramfs: files.initramfs,
            console: console.unmatched, wasRunning: wasRunning,
            hadAgent: commands?.isConnected == true, folder: folder)
    }

    /// Has QEMU write the state of the devices, and the RAM where that is in no file.
    private func saveState(until deadline: Deadline) async throws -> GuestMemory {
        let state: GuestMemory
        do throws(Errno) {
            state = try GuestMemory(size: 0, name: "qsh-state")
        } catch {
            throw SnapshotError.noRoom(error)
        }
        try await prepareMigration(
            memoryIsApart: files.ownsMemory && files.memory != nil, until: deadline)
        // As fast as it can.
        try await qmp.execute(
            "migrate-set-parameters", ["max-bandwidth": 0], until: deadline)
        try await qmp.execute(
            "getfd", ["fdname": "qsh-state"], with: state.descriptor, until: deadline)
        let before = qmp.eventCount
        do {
            try await qmp.execute("migrate", ["uri": "fd:qsh-state"], until: deadline)
        } catch QMPError.refused(_, _, let words) {
            throw SnapshotError.notSaved(words)
        }
        try await awaitMigration(after: before, until: deadline)
        try await awaitFinish(until: deadline)
        return state
    }

    /// QEMU says `completed` a moment before it takes `cont` again ("Migration is not finalized
    /// yet", `qmp_cont`), and nothing when it does.
    private func awaitFinish(until deadline: Deadline) async throws {
        while !deadline.hasPassed,
            try await qmp.execute("query-status", until: deadline)["status"] == "finish-migrate"
        {
            _ = try await changed.wait(until: .after(.milliseconds(1))) { false }
        }
    }
}
