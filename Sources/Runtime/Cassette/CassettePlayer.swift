import Glibc
import SystemPackage

/// Plays one recorded machine on the sockets that QEMU would have had.
///
/// It runs in a process of its own in QEMU's place, so that everything else in qsh is what it is
/// with a real machine. Events come in their order; where the recording has something that was
/// sent to the machine, or decided by the recipe, the player waits until the same comes again.
@LoopActor
public final class CassettePlayer {
    /// The number of the socket on which the recipe's decisions come.
    static let decisionsNumber: Int32 = 6

    private let events: [CassetteEvent]
    private let isRealTime: Bool
    private var channels: [CassetteEvent.Wire: ByteChannel] = [:]
    private let decisions: ByteChannel
    private var received: [CassetteEvent.Wire: [UInt8]] = [:]
    private var decided: [UInt8] = []
    private let changed = Broadcast()

    /// Reads the machine's events and takes over the sockets.
    ///
    /// - Parameter onAbandoned: the player has nobody left to play to.
    ///
    /// - Throws: ``CassetteError``.
    public init(_ path: FilePath, machine: Int, isRealTime: Bool, onAbandoned: @escaping () -> Void)
        throws(CassetteError)
    {
        events = try Cassette.events(of: path).filter { $0.machine == machine }
        self.isRealTime = isRealTime
        decisions = ByteChannel(descriptor: Self.decisionsNumber)
        let numbers: [(CassetteEvent.Wire, Int32)] = [
            (.words, 2), (.console, MachineWires.serialNumber), (.qmp, MachineWires.qmpNumber),
            (.agent, MachineWires.agentNumber),
        ]
        let hasAgent = events.contains { event in
            if case .boot(let boot) = event.content { boot.hasAgent } else { false }
        }
        for (wire, number) in numbers where wire != .agent || hasAgent {
            let channel = ByteChannel(descriptor: number)
            channel.onBytes = { [weak self] bytes in
                self?.received[wire, default: []].append(contentsOf: bytes)
                self?.changed.notify()
            }
            channels[wire] = channel
        }
        decisions.onBytes = { [weak self] bytes in
            self?.decided.append(contentsOf: bytes)
            self?.changed.notify()
        }
        // qsh has gone, or does not want this machine any more.
        decisions.onEnd = { _ in onAbandoned() }
    }

    /// Plays to the end of the recording.
    ///
    /// - Returns: how QEMU ended, as ``CassetteEvent/Content/ended(_:)`` has it; where the
    ///   recording does not say, it waits to be killed.
    public func play() async -> Int32 {
        var base: (now: Deadline, time: Duration)?
        for (index, event) in events.enumerated() {
            switch event.content {
            case .boot: break
            case .output(let wire, let bytes):
                if isRealTime, let base {
                    await pause(until: base.now + (event.time - base.time))
                }
                try? await channels[wire]?.write(bytes, until: .never)
            case .input(let wire, let bytes):
                await compare(wire, bytes, index)
            case .decision(let words) where Self.waits(for: words):
                await compare(decision: words, index)
            case .decision: break
            case .ended(let status): return status
            }
            if base == nil || !event.isOutput { base = (.now, event.time) }
        }
        await pause(until: .never)
        return 0
    }

    /// What the recipe does by itself, such as to kill the machine, is only a note.
    private static func waits(for words: String) -> Bool {
        words.hasPrefix("expect ") || words.hasPrefix("settle ")
    }

    private func pause(until deadline: Deadline) async {
        _ = try? await Broadcast().wait(until: deadline) { false }
    }

    private func compare(_ wire: CassetteEvent.Wire, _ expected: [UInt8], _ index: Int) async {
        if wire == .qmp { return await compare(command: expected, index) }
        let got = await next(wire) { bytes in
            bytes.count >= expected.count || !expected.starts(with: bytes) ? expected.count : nil
        }
        guard got != expected else { return }
        let noun = wire == .console ? "types" : "sends to the agent"
        await differ("the recipe \(noun) \(shown(got))", shown(expected), index)
    }

    /// By its name: arguments hold paths of the run.
    private func compare(command expected: [UInt8], _ index: Int) async {
        let lineEnds = expected.count(where: { $0 == .lineFeed })
        let got = await next(.qmp) { bytes in
            var left = lineEnds
            for (offset, byte) in bytes.enumerated() where byte == .lineFeed {
                left -= 1
                if left == 0 { return offset + 1 }
            }
            return nil
        }
        let (mine, theirs) = (Self.command(got), Self.command(expected))
        if mine != theirs { await differ("QMP gets `\(mine)`", "`\(theirs)`", index) }
    }

    private static func command(_ bytes: [UInt8]) -> String {
        let line = bytes.split(separator: .lineFeed).first ?? []
        return JSONValue(parsing: line)?["execute"]?.text ?? String(decoding: line, as: UTF8.self)
    }

    /// Takes bytes of a wire once `length` says how many.
    private func next(
        _ wire: CassetteEvent.Wire, _ length: @escaping @LoopActor ([UInt8]) -> Int?
    ) async -> [UInt8] {
        _ = try? await changed.wait(until: .never) { length(self.received[wire] ?? []) != nil }
        let bytes = received[wire] ?? []
        let taken = min(length(bytes) ?? bytes.count, bytes.count)
        received[wire]?.removeFirst(taken)
        return Array(bytes.prefix(taken))
    }

    private func compare(decision expected: String, _ index: Int) async {
        _ = try? await changed.wait(until: .never) { self.decided.contains(.lineFeed) }
        let line = decided.prefix { $0 != .lineFeed }
        decided.removeFirst(min(line.count + 1, decided.count))
        let got = String(decoding: line, as: UTF8.self)
        if got != expected { await differ("the recipe does `\(got)`", "`\(expected)`", index) }
    }

    /// Says what differs and waits for the end.
    private func differ(_ got: String, _ expected: String, _ index: Int) async {
        let event = events[index]
        let text =
            "\(got) where the cassette has \(expected) "
            + "(machine \(event.machine), \(event.time.inSeconds))\n"
        try? await decisions.write(Array(text.utf8), until: .never)
        await pause(until: .never)
    }

    private func shown(_ bytes: [UInt8]) -> String {
        let quoted = JSONValue.string(String(decoding: bytes.prefix(80), as: UTF8.self)).bytes
        return "`\(String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self))`"
    }
}

extension CassetteEvent {
    fileprivate var isOutput: Bool {
        if case .output = content { true } else { false }
    }
}
