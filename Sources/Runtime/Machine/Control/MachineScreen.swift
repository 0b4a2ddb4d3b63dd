import SystemPackage

extension Machine {
    /// Writes what the machine's screen shows as a PNG file.
    ///
    /// - Throws: ``MachineControlError``, ``QMPError``, ``HostFileError`` or `CancellationError`.
    public func screenshot(to path: FilePath, until deadline: Deadline) async throws {
        try await write(path) { temporary in
            do {
                try await qmp.execute(
                    "screendump", ["filename": .string(temporary.string), "format": "png"],
                    until: deadline)
            } catch QMPError.refused(_, _, let words) where words.contains("no console") {
                throw MachineControlError.noDisplay
            } catch QMPError.refused(_, _, let words)
                where words.contains("'format'") || words.contains("PNG")
            {
                throw MachineControlError.noPNG
            }
        }
    }

    /// Presses keys together and lets them go: `["ctrl", "alt", "delete"]`.
    ///
    /// - Throws: ``MachineControlError``, ``QMPError`` or `CancellationError`.
    public func press(_ keys: [String], until deadline: Deadline) async throws {
        let codes = try keys.map { try Keyboard.code($0) }
        try await press(codes: codes, until: deadline)
    }

    /// Types a text on a US keyboard, at a pace that a guest under emulation can follow.
    ///
    /// - Throws: ``MachineControlError``, ``QMPError`` or `CancellationError`.
    public func type(_ text: String, until deadline: Deadline) async throws {
        for keys in try text.map({ try Keyboard.keys(for: $0) }) {
            try await press(codes: keys, until: deadline)
            _ = try await changed.wait(until: .after(Keyboard.pause)) { exit != nil }
        }
    }

    private func press(codes: [String], until deadline: Deadline) async throws {
        guard hasKeyboard else { throw MachineControlError.noKeyboard }
        let keys = codes.map { JSONValue.object(["type": "qcode", "data": .string($0)]) }
        try await qmp.execute(
            "send-key", ["keys": .array(keys), "hold-time": .integer(Keyboard.holdTime)],
            until: deadline)
    }

    /// QEMU drops keys without a word where nothing takes them.
    private var hasKeyboard: Bool {
        configuration.hasPCKeyboard || configuration.hasDisplay
            || configuration.devices.contains {
                $0.leading?.contains("keyboard") == true || $0.leading?.contains("kbd") == true
            }
            || configuration.args.contains { $0.contains("keyboard") || $0.contains("kbd") }
    }
}
