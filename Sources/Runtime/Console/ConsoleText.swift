/// Cleans a console's bytes for a reader who is no terminal: CR LF folded, escapes and the levels
/// of the kernel's lines dropped, whatever pieces the stream comes in.
public struct ConsoleText: ~Copyable {
    private var separator = StreamSeparator()
    private var filter = EscapeFilter()
    private var window = ByteWindow(limit: 1 << 16)

    /// Makes one for a stream that begins.
    public init() {}

    /// Returns what is to be shown of the next bytes of the stream.
    public mutating func cleaned(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let start = window.end
        if let base = bytes.bindMemory(to: UInt8.self).baseAddress {
            separator.feed(base, bytes.count) { token in
                switch token {
                case .text(let text, let count): filter.feed(text, count, into: &window)
                case .stamp(let text, let stamp):
                    let skipped = stamp.levelLength
                    filter.feed(text + skipped, stamp.length - skipped, into: &window)
                }
            }
        }
        defer { window.removeFront(to: window.end) }
        return window.bytes(start..<window.end)
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes for a terminal: without the levels of the kernel's lines, as far as this piece of
    /// the stream has them whole.
    var withoutLevels: [UInt8] {
        var result: [UInt8] = []
        guard let base = bindMemory(to: UInt8.self).baseAddress else { return result }
        result.reserveCapacity(count)
        var separator = StreamSeparator()
        let sink: (StreamSeparator.Token) -> Void = { token in
            switch token {
            case .text(let text, let count):
                result.append(contentsOf: UnsafeBufferPointer(start: text, count: count))
            case .stamp(let text, let stamp):
                let skipped = stamp.levelLength
                result.append(
                    contentsOf: UnsafeBufferPointer(
                        start: text + skipped, count: stamp.length - skipped))
            }
        }
        separator.feed(base, count, sink)
        separator.finish(sink)
        return result
    }
}

extension ArraySlice<UInt8> {
    /// Without the `<6>` that `console_msg_format=syslog` puts before the kernel's stamp.
    var withoutLevel: ArraySlice<UInt8> {
        guard first == UInt8(ascii: "<") else { return self }
        let length = withUnsafeBufferPointer { buffer in
            buffer.baseAddress.flatMap { PrintkStamp.levelEnd($0, buffer.count) } ?? 0
        }
        let rest = dropFirst(length)
        return rest.first == .bracket ? rest : self
    }
}
