import SystemPackage

/// Where QEMU's server for gdb listens.
public enum DebugEndpoint: Sendable, Equatable {
    /// A TCP port of this host.
    case port(UInt16)
    /// A Unix socket.
    case socket(FilePath)

    /// The same for a program that runs in another folder.
    var absolute: DebugEndpoint {
        if case .socket(let path) = self { .socket(FileTree.absolute(path)) } else { self }
    }

    /// As gdb's `target remote` takes it.
    var target: String {
        switch self {
        case .port(let port): "localhost:\(port)"
        case .socket(let path): path.string
        }
    }

    /// As QEMU's `-gdb` takes it.
    var device: String {
        switch self {
        case .port(let port): "tcp:127.0.0.1:\(port)"
        case .socket(let path):
            "unix:"
                + QEMUOption(path.string, [.init("server", "on"), .init("wait", "off")]).text
        }
    }
}

/// What is needed to attach a debugger.
public struct DebugServer: Sendable, Equatable {
    /// The command line, quoted for a shell.
    public let command: String
    /// The kernel's ELF file with its symbols; nil where none lies near the image.
    public let symbols: FilePath?
    /// What a reader should know, one sentence each.
    public let notes: [String]
}

extension Machine {
    /// Starts QEMU's server for gdb; a second call moves it.
    ///
    /// - Parameters:
    ///   - endpoint: nil for a socket in the machine's run folder.
    ///   - symbols: the `vmlinux`; nil to look for it around the kernel's image.
    /// - Throws: ``MachineControlError``, ``QMPError`` or `CancellationError`.
    public func startDebugServer(
        at endpoint: DebugEndpoint? = nil, symbols: FilePath? = nil, until deadline: Deadline
    ) async throws -> DebugServer {
        let endpoint = (endpoint ?? .socket(folder.path.appending("gdb"))).absolute
        // There is no QMP command for it (QEMU 9 neither).
        let line = "gdbserver \"\(endpoint.device)\""
        let answer = try await qmp.execute(
            "human-monitor-command", ["command-line": .string(line)], until: deadline)
        let words = (answer.text ?? "").split(whereSeparator: \.isNewline).map(String.init)
        // "Waiting for gdb connection on device" is its success.
        if let bad = words.first(where: { !$0.hasPrefix("Waiting for gdb") }) {
            throw MachineControlError.noDebugServer(bad)
        }
        let found = symbols ?? configuration.kernel.flatMap { DebugSymbols.file(for: $0) }
        return DebugServer(
            command: debuggerCommand(endpoint, found), symbols: found, notes: debugNotes(found))
    }

    private func debuggerCommand(_ endpoint: DebugEndpoint, _ symbols: FilePath?) -> String {
        let program = configuration.arch == .ofHost ? "gdb" : "gdb-multiarch"
        let words = [program] + (symbols.map { [$0.string] } ?? [])
        return Command(words + ["-ex", "target remote \(endpoint.target)"]).shellQuoted
    }

    private func debugNotes(_ symbols: FilePath?) -> [String] {
        guard configuration.kernel != nil else { return [] }
        guard symbols != nil else {
            return ["no `vmlinux` lies near the kernel's image: gdb will know no names"]
        }
        let isFixed = configuration.append.text.split(separator: " ").contains("nokaslr")
        return isFixed ? [] : ["boot with `nokaslr` in `append`, or the addresses do not fit"]
    }

    /// Layouts of a dump of guest memory.
    public enum DumpFormat: String, Sendable, CaseIterable {
        case elf
        case kdumpZlib = "kdump-zlib"
        case kdumpLzo = "kdump-lzo"
        case kdumpSnappy = "kdump-snappy"
    }

    /// Writes the guest's memory and registers to a file for crash(8) or drgn.
    ///
    /// The guest stands still meanwhile. With QEMU's device `vmcoreinfo` and a kernel that fills it
    /// (`CONFIG_FW_CFG_SYSFS`), the file says where the kernel lies.
    ///
    /// - Throws: ``QMPError``, ``HostFileError`` or `CancellationError`.
    public func dump(
        to path: FilePath, format: DumpFormat = .elf, until deadline: Deadline
    ) async throws {
        try await write(path) { temporary in
            var arguments: [String: JSONValue] = [
                "paging": false, "protocol": .string("file:\(temporary)"),
            ]
            if format != .elf { arguments["format"] = .string(format.rawValue) }
            try await qmp.execute("dump-guest-memory", .object(arguments), until: deadline)
        }
    }
}
