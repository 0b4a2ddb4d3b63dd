/// A network card that qsh plugs in, and what it is connected to.
public struct NetworkLink: Sendable, Equatable {
    /// A port of this host that leads to one of the guest.
    public struct Forward: Sendable, Equatable {
        /// On 127.0.0.1; 0 for any that is free.
        public var host: UInt16
        /// Where the guest listens.
        public var guest: UInt16
        /// Else TCP.
        public var isUDP: Bool

        /// Makes one.
        public init(host: UInt16 = 0, guest: UInt16, isUDP: Bool = false) {
            self.host = host
            self.guest = guest
            self.isUDP = isUDP
        }
    }

    /// What is at the other end.
    public enum Peer: Sendable, Equatable {
        /// QEMU's user network: the guest reaches what the host's user reaches, and the host the
        /// ports that are forwarded.
        case user([Forward])
        /// Other machines, and nobody else.
        case network(PrivateNetwork)
    }

    /// What is at the other end.
    public var peer: Peer
    /// The card's address, which no other card of this process has.
    public var hardwareAddress: String
    /// The guest's address with its prefix length; qsh's init sets it.
    public var address: String
    /// Where the guest finds the rest of the world.
    public var gateway: String?
    /// Where it finds names.
    public var nameServer: String?

    /// The addresses of QEMU's user network are fixed (its manual, section "Using the user mode
    /// network stack").
    @LoopActor public static func user(_ forwards: [Forward]) -> NetworkLink {
        NetworkLink(
            peer: .user(forwards), hardwareAddress: nextHardwareAddress(),
            address: "10.0.2.15/24", gateway: "10.0.2.2", nameServer: "10.0.2.3")
    }

    /// A place in a private network, with the next address there.
    @LoopActor public static func on(_ network: PrivateNetwork) -> NetworkLink {
        NetworkLink(
            peer: .network(network), hardwareAddress: nextHardwareAddress(),
            address: network.nextAddress())
    }

    /// The same link for another machine: its own addresses, and any free ports of the host.
    @LoopActor func forClone() -> NetworkLink {
        switch peer {
        case .user(let forwards):
            .user(forwards.map { Forward(guest: $0.guest, isUDP: $0.isUDP) })
        case .network(let network): .on(network)
        }
    }

    @LoopActor private static var count: UInt16 = 0

    // Locally administered, from the range that QEMU uses.
    @LoopActor private static func nextHardwareAddress() -> String {
        count &+= 1
        return "52:54:00:71:"
            + [count >> 8, count & 255].map { number in
                (number < 16 ? "0" : "") + String(number, radix: 16)
            }.joined(separator: ":")
    }

    /// `-netdev`'s value; `descriptor` is QEMU's end of the connection to a private network.
    func option(id: String, descriptor: Int32?) -> QEMUOption {
        switch peer {
        case .user(let forwards):
            QEMUOption(
                "user",
                [.init("id", id)]
                    + forwards.map { forward in
                        let kind = forward.isUDP ? "udp" : "tcp"
                        return .init(
                            "hostfwd", "\(kind):127.0.0.1:\(forward.host)-:\(forward.guest)")
                    })
        case .network:
            descriptor.map { QEMUOption("socket", [.init("id", id), .init("fd", String($0))]) }
                // On a person's command line: a port of the machine's own, which leads nowhere.
                ?? QEMUOption("hubport", [.init("id", id), .init("hubid", "0")])
        }
    }
}
