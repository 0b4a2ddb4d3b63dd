import Glibc
import SystemPackage

/// The sockets between qsh and one QEMU, which exist before QEMU does.
@LoopActor
final class MachineWires {
    let serial: ByteChannel
    let qmp: ByteChannel
    let agent: ByteChannel?
    /// What QEMU writes to its standard output and error, as far as it is kept.
    let words: OutputCollector
    private let wordsChannel: ByteChannel
    /// What the recipe decides, to the player of a cassette; nil where QEMU runs.
    let decisions: ByteChannel?
    private var peers: [Int32: Int32] = [:]

    /// Numbers that the sockets have in QEMU; 0 is `/dev/null`, 1 and 2 carry its words.
    static let serialNumber: Int32 = 3
    static let qmpNumber: Int32 = 4
    static let agentNumber: Int32 = 5
    /// Read as they come: before a kernel has measured the speed of its processor, its driver waits
    /// only microseconds for the UART and then loses what it writes (seen under TCG).
    private static let promptBytes = 16 * 1024
    /// Where the connections to private networks begin.
    nonisolated static let firstLinkNumber: Int32 = 16
    /// Where the files of a snapshot begin; see ``InheritedFiles``.
    nonisolated static let firstFileNumber: Int32 = 6
    private static let wordsLimit = 64 * 1024

    init(
        hasAgent: Bool, links: [NetworkLink] = [], isReplay: Bool = false
    ) throws(Errno) {
        var peers: [Int32: Int32] = [:]
        do throws(Errno) {
            func connect(_ numbers: Int32...) throws(Errno) -> ByteChannel {
                let (channel, peer) = try ByteChannel.pair()
                for number in numbers { peers[number] = peer }
                return channel
            }
            wordsChannel = try connect(1, 2)
            serial = try connect(Self.serialNumber)
            serial.gatherTrickle(after: Self.promptBytes)
            qmp = try connect(Self.qmpNumber)
            agent = hasAgent ? try connect(Self.agentNumber) : nil
            decisions = isReplay ? try connect(CassettePlayer.decisionsNumber) : nil
            for (index, link) in links.enumerated() {
                guard case .network(let network) = link.peer else { continue }
                network.join(try connect(Self.firstLinkNumber + Int32(index)))
            }
        } catch {
            for peer in Set(peers.values) { Glibc.close(peer) }
            throw error
        }
        self.peers = peers
        words = OutputCollector(wordsChannel, limit: Self.wordsLimit) { _ in }
    }

    isolated deinit { closePeers() }

    /// Writes everything that passes into a cassette.
    func record(_ track: CassetteTrack) {
        track.follow(serial, .console)
        track.follow(qmp, .qmp)
        track.follow(wordsChannel, .words)
        if let agent { track.follow(agent, .agent) }
    }

    /// Where the sockets go in QEMU's descriptor table.
    ///
    /// - Parameter hasQMP: false for a kernel that runs by itself; QMP's channel then ends at once.
    func descriptors(hasQMP: Bool) -> [Int32: Int32] {
        hasQMP ? peers : peers.filter { $0.key != Self.qmpNumber }
    }

    /// How ``QEMUArguments`` is to name them.
    func wiring(_ files: InheritedFiles) -> QEMUArguments.Wiring {
        .descriptors(
            serial: Self.serialNumber, qmp: Self.qmpNumber,
            agent: agent == nil ? nil : Self.agentNumber, memory: files.memoryFile,
            isRestored: files.state != nil)
    }

    /// Gives QEMU's ends up, once it has them: else qsh itself would keep them open.
    func closePeers() {
        for peer in Set(peers.values) { Glibc.close(peer) }
        peers = [:]
    }

    /// Waits until everything that QEMU left in the sockets has been read.
    func drain(until deadline: Deadline) async {
        for channel in [serial, qmp, agent, wordsChannel] {
            _ = try? await channel?.waitForEnd(until: deadline)
        }
    }

    /// Closes qsh's ends.
    func close() {
        for channel in [serial, qmp, agent, wordsChannel, decisions] { channel?.close() }
    }
}
