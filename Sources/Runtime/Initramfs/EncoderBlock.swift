/// Gathers bytes into blocks of one size, for formats that pack each block by itself.
struct EncoderBlock {
    private let buffer: OutputBuffer
    private var filled = 0

    /// - Parameter size: of a block, in bytes.
    init(size: Int) { buffer = OutputBuffer(size) }

    /// Takes bytes, and calls `pack` for each block that they fill and for what is left at the end.
    ///
    /// - Returns: false as soon as `pack` does.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool,
        _ pack: (UnsafeRawBufferPointer) throws(InitramfsError) -> Bool
    ) throws(InitramfsError) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(buffer.bytes.count - filled)
            UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[filled...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
            filled += part.count
            rest = rest.dropFirst(part.count)
            if filled == buffer.bytes.count, try !flush(pack) { return false }
        }
        return try isLast && filled > 0 ? flush(pack) : true
    }

    private mutating func flush(
        _ pack: (UnsafeRawBufferPointer) throws(InitramfsError) -> Bool
    ) throws(InitramfsError) -> Bool {
        let block = buffer.prefix(filled)
        filled = 0
        return try pack(block)
    }
}
