import Glibc
import SystemPackage

/// Reads the small files of a list of entries, in their order and a bounded way ahead of the
/// writer: every third batch on a second thread, as opening and closing is what they cost.
struct SmallFiles {
    /// Entries of one batch.
    private static let batchSize = 256
    /// Entries that the writer reads itself between two that the second thread reads: more help
    /// costs more than it saves, as two processors often are one with two threads.
    private static let ownShare = 2 * batchSize

    private let entries: [InitramfsEntry]
    private var batch = Batch()
    private var index = 0
    /// What the second thread reads, and the entry that it begins with.
    private var ahead: (start: Int, batch: ThreadJob<Batch>)?

    init(of entries: [InitramfsEntry]) { self.entries = entries }

    /// The contents of the next entry's file.
    ///
    /// - Returns: nil for everything that has to be read in another way: entries that are no
    ///   files of the host, large ones, ones that changed a moment ago or cannot be read.
    mutating func next() -> ArraySlice<UInt8>? {
        if index == batch.end { turn() }
        defer { index += 1 }
        return batch.contents(of: index)
    }

    private mutating func turn() {
        let spent = batch.takeSpace()
        if let ahead, ahead.start == index {
            batch = ahead.batch.wait()
            startAhead(from: batch.end + Self.ownShare, in: spent)
        } else {
            if ahead == nil { startAhead(from: index + Self.ownShare, in: BatchSpace()) }
            batch = Batch(entries, range(from: index), in: spent)
        }
    }

    private mutating func startAhead(from start: Int, in space: BatchSpace) {
        let range = range(from: start)
        ahead =
            range.isEmpty
            ? nil : (start, ThreadJob { [entries] in Batch(entries, range, in: space) })
    }

    private func range(from start: Int) -> Range<Int> {
        min(start, entries.count)..<min(start + Self.batchSize, entries.count)
    }
}

/// The memory of a batch, handed from one to the next: fresh pages cost more than what is read.
private final class BatchSpace: @unchecked Sendable {
    private static let capacity = 1 << 20

    // Only ever used by the one who reads the batch.
    private var bytes: [UInt8]?

    init(_ bytes: [UInt8]? = nil) { self.bytes = bytes }

    /// The bytes have no values yet.
    func take() -> [UInt8] {
        defer { bytes = nil }
        return bytes
            ?? [UInt8](unsafeUninitializedCapacity: Self.capacity) { $1 = Self.capacity }
    }
}

/// Small files, one behind the other in one buffer.
private struct Batch: Sendable {
    /// The largest file that is read at once.
    private static let largestFile = 16 << 10

    private var bytes: [UInt8]?
    private var places: [Range<Int>?] = []
    private var start = 0
    var end: Int { start + places.count }

    init() {}

    init(_ entries: [InitramfsEntry], _ range: Range<Int>, in space: BatchSpace) {
        start = range.lowerBound
        places.reserveCapacity(range.count)
        var bytes = space.take()
        var folder = LastFolder()
        var filled = 0
        bytes.withUnsafeMutableBytes { space in
            for index in range {
                guard case .file(.host(let file)) = entries[index].kind,
                    let size = Self.read(file, &folder, into: space[filled...])
                else {
                    places.append(nil)
                    continue
                }
                places.append(filled..<filled + size)
                filled += size
            }
        }
        self.bytes = bytes
    }

    func contents(of index: Int) -> ArraySlice<UInt8>? {
        places[index - start].flatMap { bytes?[$0] }
    }

    mutating func takeSpace() -> BatchSpace {
        defer { bytes = nil }
        return BatchSpace(bytes)
    }

    /// Reads a small file with one look at it instead of two, where its time of change lies
    /// before the reading: then nothing was written meanwhile.
    private static func read(
        _ file: FilePath, _ folder: inout LastFolder,
        into space: Slice<UnsafeMutableRawBufferPointer>
    ) -> Int? {
        guard space.count > largestFile else { return nil }
        let descriptor = folder.open(file)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        let target = UnsafeMutableRawBufferPointer(rebasing: space).baseAddress
        let size = Glibc.read(descriptor, target, largestFile + 1)
        // Two seconds cover the coarsest file system's clock.
        guard size >= 0, size <= largestFile, let status = HostFile.status(of: descriptor),
            status.type == S_IFREG, status.size == UInt64(size),
            status.modified.seconds < now.tv_sec - 2
        else { return nil }
        return size
    }
}
