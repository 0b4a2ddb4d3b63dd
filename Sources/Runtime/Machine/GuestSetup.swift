/// What qsh's own init does in the guest for the machine's shares and networks.
enum GuestSetup {
    /// Where the script is, among the programs that the init runs.
    static let path = "etc/qsh/init.d/00-qsh"

    /// The script; nil where there is nothing to do.
    static func script(_ configuration: MachineConfiguration) -> String? {
        guard !configuration.shares.isEmpty || !configuration.links.isEmpty else { return nil }
        var lines = ["#!/bin/sh"]
        for (index, share) in configuration.shares.enumerated() {
            let place = Command.shellQuoted(share.mountPoint)
            lines.append("mkdir -p \(place)")
            lines.append(
                "mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,"
                    + "\(share.isWritable ? "rw" : "ro") \(HostShare.tag(index)) \(place)")
        }
        if !configuration.links.isEmpty {
            lines.append("ip link set lo up")
            for link in configuration.links {
                lines += address(of: link, on: link.hardwareAddress)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Shell lines that give a card, found by its address, what `link` says, the address included.
    static func address(of link: NetworkLink, on card: String) -> [String] {
        var lines = [
            "for card in /sys/class/net/*; do",
            "read -r address <$card/address",
            "[ \"$address\" = \(card) ] || continue",
            "card=${card##*/}",
        ]
        if card != link.hardwareAddress {
            lines += [
                "ip link set $card down", "ip addr flush dev $card",
                "ip link set $card address \(link.hardwareAddress)",
            ]
        }
        lines += ["ip addr add \(link.address) dev $card", "ip link set $card up"]
        if let gateway = link.gateway { lines.append("ip route add default via \(gateway)") }
        lines.append("done")
        if let server = link.nameServer {
            lines.append("echo nameserver \(server) >/etc/resolv.conf")
        }
        return lines
    }

    /// Modules that the guest needs for what qsh plugs in.
    static func modules(_ configuration: MachineConfiguration) -> [String] {
        var names: [String] = []
        if configuration.drives.contains(where: { ($0["if"] ?? "virtio") == "virtio" }) {
            names.append("virtio_blk")
        }
        if !configuration.links.isEmpty || !configuration.netdevs.isEmpty {
            names.append("virtio_net")
        }
        if !configuration.shares.isEmpty { names += ["9pnet_virtio", "9p"] }
        return names
    }
}
