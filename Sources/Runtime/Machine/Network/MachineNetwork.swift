extension Machine {
    /// The guest's address in the first private network, without the prefix length.
    public var privateAddress: String? {
        for link in configuration.links {
            if case .network = link.peer {
                return link.address.split(separator: "/").first.map(String.init)
            }
        }
        return nil
    }

    /// Which port of this host leads to which of the guest, those that QEMU chose included.
    ///
    /// - Throws: ``QMPError`` or `CancellationError`.
    public func forwardedPorts(until deadline: Deadline) async throws -> [NetworkLink.Forward] {
        let isForwarding = configuration.links.contains { link in
            if case .user(let forwards) = link.peer { !forwards.isEmpty } else { false }
        }
        guard isForwarding else { return [] }
        // There is no QMP command for it.
        let answer = try await qmp.execute(
            "human-monitor-command", ["command-line": "info usernet"], until: deadline)
        return (answer.text ?? "").split(whereSeparator: \.isNewline).compactMap { line in
            // Protocol[HOST_FORWARD] descriptor address port address port …
            let words = line.split(separator: " ")
            guard words.count >= 6, words[0].hasSuffix("[HOST_FORWARD]"),
                let host = UInt16(words[3]), let guest = UInt16(words[5])
            else { return nil }
            return .init(host: host, guest: guest, isUDP: words[0].hasPrefix("UDP"))
        }
    }
}
