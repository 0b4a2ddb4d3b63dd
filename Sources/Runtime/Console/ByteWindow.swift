import Glibc

/// The newest bytes of a stream, contiguous in memory, addressed by their offset in the stream.
struct ByteWindow: ~Copyable {
    /// Offset of the oldest byte held.
    private(set) var start = 0
    /// Offset behind the newest byte.
    var end: Int { start + count }
    /// How many bytes stay after ``trim()``.
    let limit: Int

    private var storage: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var head = 0
    private var count = 0

    init(limit: Int) {
        self.limit = max(limit, 1)
        capacity = min(self.limit, 4096)
        storage = .allocate(capacity: capacity)
    }

    deinit { storage.deallocate() }

    /// Where the byte at `offset` lies; valid until the next change.
    @inline(__always)
    func pointer(at offset: Int) -> UnsafePointer<UInt8> {
        UnsafePointer(storage + head + (offset - start))
    }

    /// A copy of the bytes, as far as they are still held.
    func bytes(_ range: Range<Int>) -> [UInt8] {
        let lower = max(range.lowerBound, start)
        guard lower < range.upperBound else { return [] }
        let count = range.upperBound - lower
        return Array(UnsafeBufferPointer(start: pointer(at: lower), count: count))
    }

    @inline(__always)
    mutating func append(_ source: UnsafePointer<UInt8>, _ length: Int) {
        if head + count + length > capacity { makeRoom(length) }
        memcpy(storage + head + count, source, length)
        count += length
    }

    mutating func append(_ byte: UInt8) {
        withUnsafePointer(to: byte) { append($0, 1) }
    }

    /// Takes back the newest bytes, down to `offset`.
    mutating func removeBack(to offset: Int) { count = max(0, offset - start) }

    /// Forgets everything before `offset`.
    mutating func removeFront(to offset: Int) {
        let dropped = min(max(offset - start, 0), count)
        head += dropped
        start += dropped
        count -= dropped
        if count == 0 { head = 0 }
    }

    /// Forgets what is older than the limit.
    mutating func trim() {
        if count > limit { removeFront(to: end - limit) }
    }

    private mutating func makeRoom(_ length: Int) {
        let needed = count + length
        if needed <= capacity / 2 {
            memmove(storage, storage + head, count)
        } else {
            let larger = max(needed * 2, 4096)
            let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
            memcpy(moved, storage + head, count)
            storage.deallocate()
            storage = moved
            capacity = larger
        }
        head = 0
    }
}
