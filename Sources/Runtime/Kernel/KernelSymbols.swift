import CLinux
import Glibc
import SystemPackage

/// The symbols of an uncompressed kernel, `vmlinux`, and which build it is.
///
/// Layout as in elf(5), either word size and byte order; only the tables are read, since the file
/// with its debug information may have half a gigabyte.
struct KernelSymbols: Sendable {
    /// A place in a crash report: `do_one_initcall+0x1d7/0x220`.
    struct Place: Hashable, Sendable {
        var name: String
        var offset: UInt64
        /// Of the function, up to the next one.
        var size: UInt64
    }

    let path: FilePath
    /// What the linker made of the contents; lower-case hexadecimal.
    let buildID: String?
    /// The kernel's own line: `Linux version …`, as it prints it first.
    let banner: String?
    private let names: [UInt8]
    private let table: [UInt8]
    private let is64Bit: Bool
    private let isBigEndian: Bool

    /// - Throws: ``KernelSymbolsError``.
    init(_ path: FilePath) throws(KernelSymbolsError) {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw KernelSymbolsError(path, .unreadable(Errno(rawValue: errno)))
        }
        defer { close(descriptor) }
        func read(_ offset: UInt64, _ count: Int) -> [UInt8]? {
            guard count >= 0, count < 1 << 31, offset < 1 << 48 else { return nil }
            var bytes = [UInt8](repeating: 0, count: count)
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, $0.count, off_t(offset))
            }
            return got == count ? bytes : nil
        }
        func section(_ name: String) -> [UInt8]? {
            guard let range = ELFSection(name, read: read)?.range else { return nil }
            return read(range.lowerBound, Int(range.count))
        }
        guard let head = read(0, 16), head.starts(with: Array("\u{7f}ELF".utf8)) else {
            throw KernelSymbolsError(path, .notELF)
        }
        guard let table = section(".symtab"), let names = section(".strtab"), !table.isEmpty else {
            throw KernelSymbolsError(path, .stripped)
        }
        self.path = path
        self.table = table
        self.names = names
        is64Bit = head[4] == 2
        isBigEndian = head[5] == 2
        let notes = (section(".note.gnu.build-id") ?? []) + (section(".notes") ?? [])
        buildID = KernelSymbols.buildID(in: notes, isBigEndian: isBigEndian)
        banner = section(".rodata").flatMap { KernelSymbols.banner(in: $0) }
    }

    /// The address of each place that is in the table; places in modules are not.
    func addresses(of places: Set<Place>) -> [Place: UInt64] {
        var wanted: [UInt32: [Place]] = [:]
        for place in places {
            for offset in nameOffsets(of: place.name) { wanted[offset, default: []].append(place) }
        }
        var best: [Place: (difference: UInt64, address: UInt64)] = [:]
        forEachSymbol { name, value, size in
            for place in wanted[name] ?? [] where value != 0 && place.offset <= place.size {
                // The kernel counts the padding behind a function in.
                let difference =
                    place.size >= size ? place.size - size : (size - place.size) &+ (1 << 32)
                if difference < best[place]?.difference ?? .max {
                    best[place] = (difference, value &+ place.offset)
                }
            }
        }
        return best.mapValues(\.address)
    }

    /// Where a name stands in the string table; as the end of a longer name too.
    private func nameOffsets(of name: String) -> [UInt32] {
        let needle = Array(name.utf8) + [0]
        return names.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return [] }
            var found: [UInt32] = []
            var from = 0
            while let hit = qlinux_memmem(base + from, buffer.count - from, needle, needle.count) {
                let offset = UnsafeRawPointer(hit) - base
                found.append(UInt32(truncatingIfNeeded: offset))
                from = offset + 1
            }
            return found
        }
    }

    private func forEachSymbol(
        _ body: (_ name: UInt32, _ value: UInt64, _ size: UInt64) -> Void
    ) {
        table.withUnsafeBytes { buffer in
            func u32(_ offset: Int) -> UInt32 {
                let raw = buffer.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                return isBigEndian ? raw.byteSwapped : raw
            }
            func u64(_ offset: Int) -> UInt64 {
                let raw = buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                return isBigEndian ? raw.byteSwapped : raw
            }
            let entry = is64Bit ? 24 : 16
            var offset = 0
            while offset + entry <= buffer.count {
                let value = is64Bit ? u64(offset + 8) : UInt64(u32(offset + 4))
                let size = is64Bit ? u64(offset + 16) : UInt64(u32(offset + 8))
                body(u32(offset), value, size)
                offset += entry
            }
        }
    }

    /// The note of type 3 (`NT_GNU_BUILD_ID`) by `GNU`.
    private static func buildID(in notes: [UInt8], isBigEndian: Bool) -> String? {
        let bytes = LittleEndianBytes(notes)
        func field(_ offset: Int) -> Int? {
            bytes.u32(offset).map { Int(isBigEndian ? $0.byteSwapped : $0) }
        }
        var offset = 0
        while let nameSize = field(offset), let size = field(offset + 4),
            let type = field(offset + 8), nameSize < 256, size < 65536
        {
            let start = offset + 12 + (nameSize + 3) / 4 * 4
            if type == 3, bytes.hasBytes("GNU\0", at: offset + 12), start + size <= notes.count {
                return notes[start..<start + size].map { byte in
                    let text = String(byte, radix: 16)
                    return text.count == 1 ? "0" + text : text
                }.joined()
            }
            offset = start + (size + 3) / 4 * 4
        }
        return nil
    }

    /// The format string of the same text has `%s` there, hence the digit.
    private static func banner(in bytes: [UInt8]) -> String? {
        let mark = Array("Linux version ".utf8)
        return bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return nil }
            var from = 0
            while let hit = qlinux_memmem(base + from, buffer.count - from, mark, mark.count) {
                let start = UnsafeRawPointer(hit) - base
                from = start + mark.count
                guard from < buffer.count, buffer[from].isDigit else { continue }
                let text = buffer[start..<min(start + 1024, buffer.count)]
                return String(
                    decoding: text.prefix { $0 != 0 && $0 != .lineFeed }, as: UTF8.self)
            }
            return nil
        }
    }
}

/// Why a `vmlinux` cannot serve to decode a crash.
public struct KernelSymbolsError: DiagnosticError, Equatable {
    /// What is wrong with it.
    public enum Reason: Sendable, Equatable {
        case unreadable(Errno)
        case notELF
        /// It has no symbol table.
        case stripped
        /// It is another build than the one that crashed.
        case otherBuild(got: String, expected: String)
        /// No program that finds lines is installed.
        case noTool
        /// The program that finds lines failed.
        case toolFailed(String)
    }

    /// The file as it was named.
    public let path: FilePath
    /// What is wrong with it.
    public let reason: Reason

    init(_ path: FilePath, _ reason: Reason) {
        self.path = path
        self.reason = reason
    }

    /// The text of the error.
    public var diagnostic: Diagnostic {
        let subject = "vmlinux `\(path)`"
        switch reason {
        case .unreadable(let errno):
            return Diagnostic(.usage, "\(subject): cannot read: \(errno.lowercased)")
        case .notELF:
            return Diagnostic(
                .usage, "\(subject): expected an ELF file, got something else",
                hint: "name the `vmlinux` of the build folder, not the bootable image")
        case .stripped:
            return Diagnostic(
                .usage, "\(subject): it has no symbols",
                hint: "name the `vmlinux` of the build folder, or the package's `-dbg` one")
        case .otherBuild(let got, let expected):
            return Diagnostic(
                .usage, "\(subject): it is another build than the kernel that crashed",
                notes: ["the file is `\(got)`", "the log is of `\(expected)`"],
                hint: "name the `vmlinux` of the very build")
        case .noTool:
            return Diagnostic(
                .qemuDidNotStart, "cannot decode: neither `addr2line` nor `llvm-symbolizer` found",
                hint: "install binutils")
        case .toolFailed(let words):
            return Diagnostic(.qemuDidNotStart, "\(subject): cannot decode: \(words)")
        }
    }
}
