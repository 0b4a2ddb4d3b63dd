/// The first 64 KiB of one file of an image, as its entries write them over each other.
///
/// Only for a hard link that the image's end cuts, where they are not those of one entry.
struct OverwrittenFile {
    private static let limit = 65_536

    private let inode: Int
    private var bytes: [UInt8] = []
    private var position = 0

    init(_ inode: Int) { self.inode = inode }

    /// The MD5 of the bytes, zeros behind them, in a file of `size` bytes.
    func digest(ofSize size: UInt64) -> [UInt8] {
        let missing = max(0, Int(clamping: min(size, UInt64(Self.limit))) - bytes.count)
        var md5 = MD5()
        (bytes + [UInt8](repeating: 0, count: missing)).withUnsafeBytes { md5.update($0) }
        return md5.finish()
    }

    mutating func start(_ inode: Int, keeping kept: UInt64) {
        guard inode == self.inode else { return }
        position = 0
        bytes = Array(bytes.prefix(Int(clamping: kept)))
    }

    mutating func write(_ inode: Int, _ piece: UnsafeRawBufferPointer) {
        guard inode == self.inode, position < Self.limit else { return }
        let piece = piece.prefix(Self.limit - position)
        let end = position + piece.count
        bytes.replaceSubrange(position..<min(end, bytes.count), with: piece)
        position = end
    }
}
