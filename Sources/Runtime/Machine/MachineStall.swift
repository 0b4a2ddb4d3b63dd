/// What a look at a processor's registers tells of interrupts.
struct ProcessorState: Equatable {
    /// Whether it is in the kernel, paging is on, and no interrupt can come in.
    var isBlocked: Bool
    /// Whether it waits for an interrupt.
    var isHalted: Bool
    /// Where an instruction would stand that waits for masked interrupts as well; 64-bit Arm only,
    /// whose kernel idles that way (`cpu_do_idle`).
    var waitAddress: UInt64?

    /// WFI (Arm ARM, C6.2). QEMU counts it as done while the processor waits in it.
    static let waitForInterrupt = "0xd503207f"

    /// Reads what QEMU's `info registers -a` prints (target/i386/cpu-dump.c,
    /// target/arm/cpu.c); of other processors nothing is known.
    static func all(in text: String) -> [ProcessorState] {
        text.split(separator: "CPU#").dropFirst().compactMap { ProcessorState(String($0)) }
    }

    private init?(_ text: String) {
        func number(_ name: String) -> UInt64? {
            text.firstRange(of: name + "=").flatMap { found in
                UInt64(text[found.upperBound...].prefix(while: \.isHexDigit), radix: 16)
            }
        }
        if let flags = number("RFL") ?? number("EFL"), let control = number("CR0") {
            // A boot loader polls with interrupts off as well, but it needs no paging.
            let isPaging = control & 0x8000_0000 != 0
            isBlocked = isPaging && number("CPL") == 0 && flags & 0x200 == 0
            isHalted = number("HLT") == 1
        } else if let state = number("PSTATE") {
            // DAIF's "I" masks interrupts; the kernel runs at EL1 or EL2.
            isBlocked = state & 0x80 != 0 && state & 0xc != 0
            isHalted = false
            waitAddress = number("PC").map { $0 &- 4 }
        } else {
            return nil
        }
    }
}

extension Machine {
    /// How often the registers are looked at, and how long apart: a kernel keeps interrupts off for
    /// microseconds, under TCG for milliseconds.
    private static let looks = 10
    private static let pause: Duration = .milliseconds(50)
    /// How long the agent, which answers in milliseconds, may take before it counts as stuck.
    private static let agentLimit: Duration = .seconds(2)

    /// Why the guest's kernel is taken for hung; nil where it is not, or where nothing tells.
    ///
    /// A processor that never lets interrupts in does not recover. Where that is not so, or cannot
    /// be seen, an agent that had answered and is silent now shows it: user space alone that spins
    /// does not silence it.
    func stallInWords() async -> String? {
        guard exit == nil, !configuration.arch.isUserMode, wasNeverPlayed else { return nil }
        let status = try? await qmp.execute("query-status", until: .after(.seconds(5)))
        guard status?["running"] == true else { return nil }
        if await keepsInterruptsOff() { return "it has switched interrupts off, for good" }
        // On a serial port nothing tells of an agent that has merely ended.
        guard let commands, commands.isConnected, !configuration.agentIsSerial else { return nil }
        let limit = console.timeScale(Self.agentLimit)
        do {
            try await commands.ping(until: .after(limit))
        } catch GuestAgentError.notConnected {
            guard exit == nil, commands.isConnected else { return nil }
            return "not even the agent in the guest has answered within \(limit.inSeconds)"
        } catch {
            return nil
        }
        return nil
    }

    private func keepsInterruptsOff() async -> Bool {
        let before = console.transcript.count
        var always: [ProcessorState] = []
        for look in 0..<Self.looks {
            let now = await processors()
            if look == 0 { always = now }
            guard !now.isEmpty, now.count == always.count else { return false }
            for index in now.indices {
                always[index].isBlocked = always[index].isBlocked && now[index].isBlocked
                always[index].isHalted = always[index].isHalted && now[index].isHalted
            }
            // A processor that was never started is halted with interrupts off as well.
            let isStuck =
                always.contains { $0.isBlocked && !$0.isHalted }
                || always.allSatisfy(\.isBlocked)
            guard isStuck, exit == nil else { return false }
            _ = try? await changed.wait(until: .after(Self.pause)) { self.exit != nil }
        }
        return exit == nil && console.transcript.count == before
    }

    private func processors() async -> [ProcessorState] {
        var found = ProcessorState.all(in: await monitor("info registers -a"))
        for index in found.indices where found[index].isBlocked {
            guard let address = found[index].waitAddress else { continue }
            let shown = await monitor("x /1xw 0x\(String(address, radix: 16))")
            if shown.contains(ProcessorState.waitForInterrupt) { found[index].isBlocked = false }
        }
        return found
    }

    private func monitor(_ line: String) async -> String {
        let answer = try? await qmp.execute(
            "human-monitor-command", ["command-line": .string(line)], until: .after(.seconds(5)))
        return answer?.text ?? ""
    }
}
