/// Cleans a console's bytes for a reader who is no terminal: CR LF folded, escapes dropped,
/// whatever pieces the stream comes in.
public struct ConsoleText: ~Copyable {
    private var filter = EscapeFilter()
    private var window = ByteWindow(limit: 1 << 16)

    /// Makes one for a stream that begins.
    public init() {}

    /// Returns what is to be shown of the next bytes of the stream.
    public mutating func cleaned(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let start = window.end
        if let base = bytes.bindMemory(to: UInt8.self).baseAddress {
            filter.feed(base, bytes.count, into: &window)
        }
        defer { window.removeFront(to: window.end) }
        return window.bytes(start..<window.end)
    }
}
