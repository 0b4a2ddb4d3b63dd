import CLinux
import Glibc
import SystemPackage

/// An ELF file of the host with what it needs, at start and only while it runs.
struct ELFFile {
    /// A library that is loaded while the program runs: an entry of `.note.dlopen`.
    struct RuntimeLibrary: Equatable {
        enum Priority: String { case required, recommended, suggested }

        /// The names to try, one of which is enough.
        var names: [String]
        var priority: Priority
        /// What it is for, in the program's words; empty where it does not say.
        var purpose: String
    }

    let program: ELFProgram
    let runtimeLibraries: [RuntimeLibrary]
    /// Whether it ends or cancels threads, for which glibc loads `libgcc_s.so.1` then and there
    /// and aborts where it is missing (sysdeps/nptl/unwind-forcedunwind in glibc).
    let endsThreads: Bool

    /// - Returns: nil for a file that is no ELF file.
    init?(_ path: String) throws(InitramfsError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw .hostFileUnreadable(
                FilePath(path), reason: Errno(rawValue: errno).description)
        }
        defer { close(descriptor) }
        let read = { (offset: Int, count: Int) -> [UInt8] in
            guard offset >= 0, count > 0, count <= 16 << 20 else { return [] }
            return [UInt8](unsafeUninitializedCapacity: count) { space, filled in
                filled = max(0, pread(descriptor, space.baseAddress, count, off_t(offset)))
            }
        }
        guard let program = ELFProgram(read: read) else { return nil }
        self.program = program
        let exactly = { (offset: UInt64, count: Int) -> [UInt8]? in
            guard let offset = Int(exactly: offset) else { return nil }
            let bytes = read(offset, count)
            return bytes.count == count ? bytes : nil
        }
        let section = { (name: String) -> [UInt8] in
            ELFSection(name, read: exactly).flatMap {
                exactly($0.range.lowerBound, $0.range.count)
            } ?? []
        }
        runtimeLibraries = Self.libraries(inNote: section(".note.dlopen"))
        endsThreads = Self.endsThreads(section(".dynstr"), path)
    }

    private static func endsThreads(_ names: [UInt8], _ path: String) -> Bool {
        // They define what the others ask for.
        let name = path.split(separator: "/").last ?? ""
        if name.hasPrefix("libc.so") || name.hasPrefix("libc-") || name.hasPrefix("libpthread") {
            return false
        }
        return ["pthread_exit", "pthread_cancel"].contains { word in
            let mark = Array(word.utf8) + [0]
            return names.withUnsafeBytes {
                q_find($0.baseAddress, $0.count, mark, mark.count) >= 0
            }
        }
    }

    /// The notes of the owner `FDO` with the type 0x407c0c0a hold a JSON array each
    /// (uapi-group.org, "ELF dlopen metadata").
    static func libraries(inNote bytes: [UInt8]) -> [RuntimeLibrary] {
        let note = LittleEndianBytes(bytes)
        var found: [RuntimeLibrary] = []
        var at = 0
        while let name = note.u32(at), let length = note.u32(at + 4), let type = note.u32(at + 8),
            name < 256, length < 1 << 20
        {
            let start = at + 12 + (Int(name) + 3) / 4 * 4
            let end = start + Int(length)
            guard end <= bytes.count else { break }
            if type == 0x407c_0c0a {
                found += libraries(inJSON: Array(bytes[start..<end].prefix { $0 != 0 }))
            }
            at = start + (Int(length) + 3) / 4 * 4
        }
        return found
    }

    private static func libraries(inJSON bytes: [UInt8]) -> [RuntimeLibrary] {
        guard case .array(let items)? = JSONValue(parsing: bytes) else {
            return []
        }
        return items.compactMap { item in
            guard case .array(let names)? = item["soname"] else { return nil }
            let texts = names.compactMap(\.text)
            // "recommended" is what the specification takes where nothing is said.
            let priority = item["priority"]?.text.flatMap(RuntimeLibrary.Priority.init)
            return texts.isEmpty
                ? nil
                : RuntimeLibrary(
                    names: texts, priority: priority ?? .recommended,
                    purpose: item["description"]?.text ?? "")
        }
    }
}
