import Glibc

extension Machine {
    /// Hands the console to the user's terminal until they leave it or the machine ends.
    ///
    /// - Parameter prefix: the key that is qsh's own; nil for none.
    /// - Throws: `TerminalError` where standard input is no terminal, `CancellationError`.
    public func interact(
        as name: String, prefix: EscapePrefix? = .standard
    ) async throws -> TerminalSessionExit {
        let recent = console.transcript.lastBytes(256).withUnsafeBytes { $0.withoutLevels }
        let waiting = recent.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return try await TerminalSession.interact(
            with: peer,
            TerminalSessionConfiguration(
                name: name, prefix: prefix, recent: Array(waiting.last ?? [])))
    }

    private var peer: TerminalPeer {
        var peer = TerminalPeer(
            send: { try await self.console.send($0) },
            subscribe: { body in
                self.console.subscribe { bytes in
                    LoopActor.assumeIsolated { bytes.withoutLevels.withUnsafeBytes { body($0) } }
                }
            },
            unsubscribe: { self.console.unsubscribe($0) }, changed: changed,
            hasEnded: { self.exit != nil })
        peer.sendBreak = {
            LoopActor.task {
                _ = try? await self.qmp.execute(
                    "chardev-send-break", ["id": .string(QEMUArguments.serialName)],
                    until: .after(.seconds(5)))
            }
        }
        peer.sendSize = { size in
            LoopActor.task {
                try? await self.console.sendline("stty rows \(size.rows) cols \(size.columns)")
            }
        }
        if let commands {
            peer.sizeChanged = { size in
                guard commands.isConnected else { return }
                LoopActor.task {
                    try? await commands.resize(
                        rows: UInt16(clamping: size.rows), columns: UInt16(clamping: size.columns),
                        until: .after(.seconds(5)))
                }
            }
        }
        return peer
    }
}
