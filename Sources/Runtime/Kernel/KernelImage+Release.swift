import CLinux
import Glibc
import SystemPackage

extension KernelImage {
    /// Looks for `Linux version RELEASE ` in an image that is not compressed, which every kernel
    /// keeps for `/proc/version` (init/version.c).
    ///
    /// Reads at most the whole file, in bounded memory; nil for the compressed formats.
    func releaseInContents() -> String? {
        guard [.image, .elf, .userMode].contains(format) else { return nil }
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let mark = Array("Linux version ".utf8)
        // Long enough for the mark and a release (64 bytes, `__NEW_UTS_LEN`), so that none is cut.
        let overlap = 96
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset: off_t = 0
        while true {
            let count = buffer.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, $0.count, offset)
            }
            guard count > mark.count else { return nil }
            if let found = Self.release(in: buffer[..<count], after: mark) { return found }
            if count < buffer.count { return nil }
            offset += off_t(count - overlap)
        }
    }

    /// The format string of the same text has `%s` there, hence the digit.
    static func release(in bytes: ArraySlice<UInt8>, after mark: [UInt8]) -> String? {
        var rest = bytes
        while true {
            let found = rest.withUnsafeBytes { q_find($0.baseAddress, $0.count, mark, mark.count) }
            guard found >= 0 else { return nil }
            rest = rest.dropFirst(found + mark.count)
            let word = rest.prefix(65).prefix { $0 > 0x20 && $0 < 0x7f }
            if let first = word.first, (0x30...0x39).contains(first), word.count < rest.count {
                return String(decoding: word, as: UTF8.self)
            }
        }
    }
}
