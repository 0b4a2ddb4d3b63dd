import Glibc

extension Machine {
    /// How long each rung of a shutdown may take before the next one is tried.
    public struct ShutdownLimits: Sendable, Equatable {
        /// For the guest to sync its disks and switch off.
        public var guest: Duration = .seconds(10)
        /// For a guest that listens to the power button; without an agent only.
        public var powerButton: Duration = .seconds(1)
        /// For QEMU to act on QMP's `quit`.
        public var quit: Duration = .seconds(3)
        /// For QEMU to act on SIGTERM.
        public var terminate: Duration = .seconds(2)
        /// For the kernel to take QEMU away after SIGKILL.
        public var kill: Duration = .seconds(10)

        /// Makes the default limits.
        public init() {}
    }

    /// Ends the machine as gently as it lets itself be ended.
    ///
    /// The agent is asked for `poweroff -f`, and SysRq's "o" where there is no agent; then QMP's
    /// power button; then QMP's `quit`, SIGTERM and SIGKILL. Not cancellable, since a cancelled
    /// recipe is a reason to call it. A machine that has ended is fine.
    ///
    /// - Throws: ``MachineError`` where not even SIGKILL ended it.
    @discardableResult
    public func shutdown(
        limits: ShutdownLimits = ShutdownLimits()
    ) async throws(MachineError) -> MachineExit {
        let climb = LoopActor.task { await self.climb(limits) }
        await climb.value
        guard let exit else { throw error(.immortal) }
        return exit
    }

    private func climb(_ limits: ShutdownLimits) async {
        for step in ShutdownStep.allCases where exit == nil {
            reach(step)
            let limit = limits[step]
            // The answer may never come, because QEMU is gone: the end is what counts.
            let asking = LoopActor.task { await self.ask(step, until: .after(limit)) }
            _ = try? await wait(until: .after(limit))
            asking.cancel()
        }
    }

    private func ask(_ step: ShutdownStep, until deadline: Deadline) async {
        switch step {
        case .guest: await askGuest(until: deadline)
        case .powerButton: _ = try? await qmp.execute("system_powerdown", until: deadline)
        case .quit: _ = try? await qmp.execute("quit", until: deadline)
        case .terminate: child.signal(SIGTERM)
        case .kill: child.signal(SIGKILL)
        }
    }

    private static let sysRqPause: Duration = .milliseconds(300)

    private func askGuest(until deadline: Deadline) async {
        if let commands, commands.isConnected {
            let command = GuestCommand(.shell("sync; poweroff -f"))
            _ = try? await commands.execute(command, until: deadline)
            return
        }
        // A break on the serial console, then a letter, is SysRq (Documentation/admin-guide/
        // sysrq.rst): "s" syncs, "o" switches off.
        for letter in ["s", "o"] {
            _ = try? await qmp.execute(
                "chardev-send-break", ["id": .string(QEMUArguments.serialName)], until: deadline)
            _ = try? await console.send(letter)
            // The UART has one flag for "a break came": a second break must not overtake the
            // first one's letter.
            _ = try? await changed.wait(until: .after(Self.sysRqPause)) { self.exit != nil }
        }
    }
}

extension Machine.ShutdownLimits {
    fileprivate subscript(step: ShutdownStep) -> Duration {
        switch step {
        case .guest: guest
        case .powerButton: powerButton
        case .quit: quit
        case .terminate: terminate
        case .kill: kill
        }
    }
}
