import SystemPackage

/// The agent's executables for guests: static ELF files without any dependency.
///
/// They are compiled from `Sources/GuestAgent` by the plugin `EmbedGuestAgent` and carried in
/// qsh's own executable.
public enum GuestAgentImage {
    /// The architectures there is an agent for: those of the table that the compiler which built
    /// qsh has a target for.
    public static let architectures = EmbeddedGuestAgent.executables
        .filter { $0.value.utf8CodeUnitCount > 0 }.keys.compactMap { Arch.named($0) }
        .sorted { $0.name < $1.name }

    /// The executable for guests of `architecture`; nil where there is none.
    public static func bytes(for architecture: Arch) -> [UInt8]? {
        guard let text = EmbeddedGuestAgent.executables[architecture.name],
            text.utf8CodeUnitCount > 0
        else { return nil }
        return decodeBase64(text)
    }

    /// Writes the executable for guests of `arch`, to be started in one as root.
    ///
    /// - Throws: ``GuestAgentImageError``.
    public static func write(for arch: Arch, to path: FilePath) throws(GuestAgentImageError) {
        guard let program = bytes(for: arch) else { throw .none(arch) }
        do throws(Errno) {
            try AtomicFile.write(program, to: path, mode: 0o755)
        } catch {
            throw .notWritten(path, error)
        }
    }

    private static func decodeBase64(_ text: StaticString) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8CodeUnitCount / 4 * 3)
        var bits: UInt32 = 0
        var count: UInt32 = 0
        text.withUTF8Buffer { characters in
            for character in characters {
                guard let value = sixBits(character) else { break }
                bits = bits << 6 | value
                count += 6
                if count >= 8 {
                    count -= 8
                    bytes.append(UInt8(truncatingIfNeeded: bits >> count))
                }
            }
        }
        return bytes
    }

    /// The value of a character of RFC 4648's alphabet; nil for padding.
    private static func sixBits(_ character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character) + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

/// Why the agent's executable could not be had.
public enum GuestAgentImageError: DiagnosticError, Equatable {
    case none(Arch)
    case notWritten(FilePath, Errno)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .none(let arch):
            Diagnostic(
                .usage,
                "agent: there is none for \(arch), expected one of "
                    + GuestAgentImage.architectures.map(\.name).joined(separator: ", "))
        case .notWritten(let path, let errno):
            Diagnostic(.usage, "cannot write `\(path)`: \(errno.lowercased)")
        }
    }
}
