import SystemPackage

/// A network between machines, and to nowhere else: a hub inside qsh, so that it needs no rights,
/// no port and no name.
///
/// Each machine has a stream socket to it, on which QEMU (`-netdev socket`) puts the length of each
/// Ethernet frame, 32 bits in network order, before the frame.
@LoopActor
public final class PrivateNetwork {
    private final class Member {
        let channel: ByteChannel
        var pending: [UInt8] = []

        init(_ channel: ByteChannel) { self.channel = channel }
    }

    private var members: [ObjectIdentifier: Member] = [:]
    private var addressCount = 0
    /// Frames that were passed on so far.
    public private(set) var frameCount = 0

    /// Larger is garbage: QEMU's own limit is 68 KiB.
    private static let frameLimit = 128 * 1024

    /// Makes one without machines.
    public init() {}

    /// 10.71.0.1, 10.71.0.2, …
    func nextAddress() -> String {
        addressCount += 1
        return
            "10.71.\(addressCount / 254).\(addressCount % 254 == 0 ? 254 : addressCount % 254)/16"
    }

    /// Adds a machine, until its end of the socket is closed.
    func join(_ channel: ByteChannel) {
        let member = Member(channel)
        let key = ObjectIdentifier(member)
        members[key] = member
        channel.onBytes = { [weak self, weak member] bytes in
            guard let self, let member else { return }
            receive(bytes, from: member)
        }
        channel.onEnd = { [weak self] _ in self?.members[key] = nil }
    }

    private func receive(_ bytes: UnsafeRawBufferPointer, from sender: Member) {
        sender.pending.append(contentsOf: bytes)
        var end = 0
        while sender.pending.count - end >= 4 {
            let length = sender.pending[end..<(end + 4)].reduce(0) { $0 << 8 | Int($1) }
            guard length <= Self.frameLimit else {
                sender.channel.close()
                members[ObjectIdentifier(sender)] = nil
                return
            }
            guard sender.pending.count - end >= 4 + length else { break }
            end += 4 + length
            frameCount += 1
        }
        guard end > 0 else { return }
        let whole = Array(sender.pending[..<end])
        sender.pending.removeFirst(end)
        for member in members.values where member !== sender { member.channel.enqueue(whole) }
    }
}

extension PrivateNetwork: Equatable {
    /// Equal where it is the same one.
    public nonisolated static func == (left: PrivateNetwork, right: PrivateNetwork) -> Bool {
        left === right
    }
}
