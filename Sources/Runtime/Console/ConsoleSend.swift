import SystemPackage

extension Console {
    /// Types bytes.
    ///
    /// - Throws: ``ConsoleError`` where the guest is gone or does not take them in time, or
    ///   `CancellationError`.
    public func send(_ bytes: [UInt8], limit: Duration = .seconds(30)) async throws {
        guard let transport, !hasEnded else {
            throw ConsoleError.notSent(reason: "the console has ended", failure(of: nil))
        }
        stream.noteInput()
        do {
            try await transport.write(bytes, until: .after(limit))
        } catch let error as Errno {
            let reason =
                error == .timedOut
                ? "the guest took no input for \(limit.inSeconds)"
                : error == .brokenPipe ? "the console has ended" : "\(error)"
            throw ConsoleError.notSent(reason: reason, failure(of: nil))
        }
    }

    /// Types text.
    public func send(_ text: String, limit: Duration = .seconds(30)) async throws {
        try await send(Array(text.utf8), limit: limit)
    }

    /// Types text and the line end of the configuration.
    public func sendline(_ text: String = "", limit: Duration = .seconds(30)) async throws {
        lastTyped = (text, stream.window.end)
        try await send(Array(text.utf8) + configuration.lineEnd, limit: limit)
    }

    /// Types Ctrl with a key: a letter or one of `@[\]^_?`.
    public func sendcontrol(_ key: String) async throws {
        let bytes = Array(key.utf8)
        guard bytes.count == 1, let byte = bytes.first else { throw ConsoleError.badControl(key) }
        let upper = byte >= 0x61 && byte <= 0x7A ? byte & 0xDF : byte
        switch upper {
        case 0x40...0x5F: try await send([upper & 0x1F])
        case 0x3F: try await send([0x7F])
        default: throw ConsoleError.badControl(key)
        }
    }
}
