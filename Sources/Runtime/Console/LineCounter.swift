/// Counts the lines of a raw stream. LF, CR LF and a lone CR end a line.
struct LineCounter {
    /// The number, from 1, of the line in which the next byte lies.
    private(set) var line = 1
    private var isAfterReturn = false

    @inline(__always)
    mutating func advance(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        guard count > 0 else { return }
        // The LF of a CR LF that was cut in two has been counted with its CR.
        if isAfterReturn, bytes[0] == .lineFeed { line -= 1 }
        line += LineCounter.ends(bytes, count)
        isAfterReturn = bytes[count - 1] == .carriageReturn
    }

    /// LFs, and CRs that no LF follows; the last byte counts if it is a CR.
    private static func ends(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
        var total = 0
        var index = 0
        // Sums of at most 255 in eight bits keep the whole loop in vector registers.
        while count - index > 64 {
            let blocks = min((count - index - 1) / 64, 127)
            total += vectorEnds(bytes + index, blocks)
            index += blocks * 64
        }
        while index < count {
            let byte = bytes[index]
            index += 1
            if byte == .lineFeed {
                total += 1
            } else if byte == .carriageReturn {
                total += index < count && bytes[index] == .lineFeed ? 0 : 1
            }
        }
        return total
    }

    private static func vectorEnds(_ bytes: UnsafePointer<UInt8>, _ blocks: Int) -> Int {
        let feeds = SIMD64<UInt8>(repeating: .lineFeed)
        let returns = SIMD64<UInt8>(repeating: .carriageReturn)
        let one = SIMD64<UInt8>(repeating: 1)
        var sums = SIMD64<UInt8>()
        for block in 0..<blocks {
            let here = UnsafeRawPointer(bytes + block * 64)
            let bytes = here.loadUnaligned(as: SIMD64<UInt8>.self)
            let next = (here + 1).loadUnaligned(as: SIMD64<UInt8>.self)
            let isFeed = bytes .== feeds
            let isLone = (bytes .== returns) .& (next .!= feeds)
            sums &+= SIMD64<UInt8>().replacing(with: one, where: isFeed .| isLone)
        }
        var total = 0
        for lane in 0..<64 { total += Int(sums[lane]) }
        return total
    }
}
