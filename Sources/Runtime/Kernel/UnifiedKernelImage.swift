import Glibc
import SystemPackage

/// A unified kernel image: an EFI program whose sections hold a kernel, its initramfs and its
/// command line (the UAPI group's "Unified Kernel Image (UKI)" specification).
struct UnifiedKernelImage {
    /// Where the kernel lies in the file.
    let kernel: Range<Int>
    /// Where the initramfs lies; nil where there is none.
    let initramfs: Range<Int>?
    /// The kernel's command line.
    let commandLine: String?
    /// `uname -r`, as the maker wrote it down.
    let release: String?
    /// `PRETTY_NAME` of the system that it belongs to.
    let system: String?

    private static let mostSections = 96
    private static let largestText = 64 << 10

    /// Looks whether a file is one.
    ///
    /// - Returns: nil for everything else, what cannot be read included.
    init?(looking file: FilePath) {
        guard let head = Self.bytes(of: file, 0..<64), head.hasBytes("MZ", at: 0),
            let start = head.u32(0x3c).map({ Int($0) }),
            // The file header (PE format, "COFF File Header") behind its mark.
            let header = Self.bytes(of: file, start..<start + 24),
            header.hasBytes("PE\0\0", at: 0), let count = header.u16(6), let size = header.u16(20),
            Int(count) <= Self.mostSections
        else { return nil }
        let table = start + 24 + Int(size)
        guard let rows = Self.bytes(of: file, table..<table + Int(count) * 40) else { return nil }
        var parts: [String: Range<Int>] = [:]
        for row in (0..<Int(count)).map({ $0 * 40 }) {
            guard let name = rows.text(at: row, limit: 8), let length = rows.u32(row + 8),
                let stored = rows.u32(row + 16), let offset = rows.u32(row + 20)
            else { return nil }
            // In the file a section is rounded up; its real length is the one in memory.
            parts[name] = Int(offset)..<Int(offset) + Int(min(length, stored))
        }
        guard let kernel = parts[".linux"] else { return nil }
        func text(_ name: String) -> String? {
            guard let part = parts[name], part.count <= Self.largestText,
                let bytes = Self.bytes(of: file, part)?.bytes
            else { return nil }
            let line = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            return line.isEmpty ? nil : line
        }
        self.kernel = kernel
        initramfs = parts[".initrd"]
        commandLine = text(".cmdline").map(Self.firstLine)
        release = text(".uname").map(Self.firstLine)
        system = text(".osrel").flatMap { OSRelease($0)["PRETTY_NAME"] }
    }

    private static func firstLine(_ text: String) -> String {
        String(text.prefix { !$0.isNewline })
    }

    /// Exactly those bytes; nil where the file ends before.
    private static func bytes(of file: FilePath, _ range: Range<Int>) -> LittleEndianBytes? {
        let descriptor = file.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { space, filled in
            filled = max(
                0, pread(descriptor, space.baseAddress, range.count, off_t(range.lowerBound)))
        }
        return bytes.count == range.count ? LittleEndianBytes(bytes) : nil
    }
}
