import CLinux

/// Looks through a kernel that passes in pieces for its version (init/version.c) and for the
/// configuration between `IKCFG_ST` and `IKCFG_ED` (kernel/configs.c).
struct KernelTextSearch {
    private static let versionMark = Array("Linux version ".utf8)
    private static let start = Array("IKCFG_ST\u{1f}".utf8)
    private static let end = Array("IKCFG_ED".utf8)
    /// A text or a mark may lie across two pieces.
    private static let overlap = 128
    /// Debian's fullest is 75 KB, compressed.
    private static let largestConfiguration = 2 << 20

    private(set) var release: String?
    private var packed: [UInt8]?
    private var isPacked = false
    private var window: [UInt8] = []

    /// The configuration's text.
    var configuration: [UInt8]? {
        guard isPacked, let packed else { return nil }
        var text: [UInt8] = []
        let end = try? GzipDecoder.decode(ImageInput(bytes: packed)) { bytes in
            text += bytes
            return text.count < 16 << 20
        }
        return end?.message == nil ? text : nil
    }

    /// - Returns: whether there is anything left to look for.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        window += bytes
        if release == nil {
            release = KernelImage.release(in: window[...], after: Self.versionMark)
        }
        if packed == nil, let found = Self.find(Self.start, in: window) {
            packed = []
            window.removeFirst(found + Self.start.count - 1)
        }
        if packed != nil, !isPacked {
            collect()
        } else {
            window.removeFirst(max(0, window.count - Self.overlap))
        }
        return release == nil || !isPacked
    }

    private mutating func collect() {
        if let end = Self.find(Self.end, in: window) {
            packed = Array(window[..<end])
            isPacked = true
            window.removeAll()
        } else if window.count > Self.largestConfiguration {
            packed = nil
            window.removeAll()
        }
    }

    private static func find(_ mark: [UInt8], in bytes: [UInt8]) -> Int? {
        let found = bytes.withUnsafeBytes { q_find($0.baseAddress, $0.count, mark, mark.count) }
        return found >= 0 ? found : nil
    }
}
