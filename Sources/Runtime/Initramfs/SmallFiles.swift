import Glibc
import SystemPackage

/// Reads the small files of a list of entries, in their order and a bounded way ahead of the
/// writer: every other batch on a second thread, as opening and closing is what they cost.
struct SmallFiles {
    /// Entries of one batch.
    private static let batchSize = 256

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
        if let ahead, ahead.start == index {
            batch = ahead.batch.wait()
            startAhead(from: batch.end + Self.batchSize)
        } else {
            if ahead == nil { startAhead(from: index + Self.batchSize) }
            batch = Batch(entries, range(from: index))
        }
    }

    private mutating func startAhead(from start: Int) {
        let range = range(from: start)
        ahead = range.isEmpty ? nil : (start, ThreadJob { [entries] in Batch(entries, range) })
    }

    private func range(from start: Int) -> Range<Int> {
        min(start, entries.count)..<min(start + Self.batchSize, entries.count)
    }
}

/// Small files, one behind the other in one buffer.
private struct Batch: Sendable {
    /// The largest file that is read at once.
    private static let largestFile = 16 << 10
    private static let capacity = 1 << 20

    private var bytes: [UInt8] = []
    private var places: [Range<Int>?] = []
    private var start = 0
    var end: Int { start + places.count }

    init() {}

    init(_ entries: [InitramfsEntry], _ range: Range<Int>) {
        start = range.lowerBound
        var places: [Range<Int>?] = []
        places.reserveCapacity(range.count)
        bytes = [UInt8](unsafeUninitializedCapacity: Self.capacity) { space, filled in
            for entry in entries[range] {
                let rest = UnsafeMutableBufferPointer(rebasing: space[filled...])
                guard case .file(.host(let file)) = entry.kind,
                    let size = Self.read(file, into: rest)
                else {
                    places.append(nil)
                    continue
                }
                places.append(filled..<filled + size)
                filled += size
            }
        }
        self.places = places
    }

    func contents(of index: Int) -> ArraySlice<UInt8>? {
        places[index - start].map { bytes[$0] }
    }

    /// Reads a small file with one look at it instead of two, where its time of change lies
    /// before the reading: then nothing was written meanwhile.
    private static func read(_ file: FilePath, into space: UnsafeMutableBufferPointer<UInt8>)
        -> Int?
    {
        guard space.count > largestFile else { return nil }
        let descriptor = file.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        let size = Glibc.read(descriptor, space.baseAddress, largestFile + 1)
        // Two seconds cover the coarsest file system's clock.
        guard size >= 0, size <= largestFile, let status = HostFile.status(of: descriptor),
            status.type == S_IFREG, status.size == UInt64(size),
            status.modified.seconds < now.tv_sec - 2
        else { return nil }
        return size
    }
}
