import CLinux
import Glibc
import SystemPackage

/// 128 bits that stand for some bytes or for a whole folder (XXH3): against accidents, not against
/// somebody who looks for two that have the same.
struct Digest: Sendable, Hashable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// Of some bytes.
    static func of(_ text: String) -> Digest {
        var text = text
        return text.withUTF8 { Digest(qtree_bytes($0.baseAddress, $0.count)) }
    }

    fileprivate init(_ sum: qtree_sum) {
        high = sum.high
        low = sum.low
    }

    /// 32 hexadecimal digits.
    var description: String { Self.hexadecimal(high) + Self.hexadecimal(low) }
    /// The first 12 of them, for names that people read.
    var short: String { String(description.prefix(12)) }

    private static func hexadecimal(_ word: UInt64) -> String {
        let text = String(word, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}

/// A look at a folder and everything in it.
struct TreeSum: Sendable {
    /// Independent of the order in which the folders list their entries.
    let digest: Digest
    /// The latest change of anything in it, in nanoseconds since 1970; only of a stamp.
    let newest: Int64

    /// What stat(2) says of every entry: it changes when anything is touched.
    static func stamp(
        of folder: FilePath, skipping names: [String], _ work: WorkerThread.Cancellation
    ) throws -> TreeSum {
        try sum(folder, names, readsContents: false, work)
    }

    /// What the files hold: the same for a copy of the folder elsewhere.
    static func contents(
        of folder: FilePath, skipping names: [String], _ work: WorkerThread.Cancellation
    ) throws -> TreeSum {
        try sum(folder, names, readsContents: true, work)
    }

    private static func sum(
        _ folder: FilePath, _ names: [String], readsContents: Bool,
        _ work: WorkerThread.Cancellation
    ) throws -> TreeSum {
        let context = Unmanaged.passUnretained(work).toOpaque()
        let root = strdup(folder.string)
        let skipped = names.map { strdup($0) }
        defer { for text in [root] + skipped { free(text) } }
        var request = qtree_request()
        request.root = UnsafePointer(root)
        request.reads_contents = readsContents ? 1 : 0
        request.context = context
        request.is_cancelled = { context in
            guard let context else { return 0 }
            let work = Unmanaged<WorkerThread.Cancellation>.fromOpaque(context)
            return work.takeUnretainedValue().isCancelled ? 1 : 0
        }
        let sum = skipped.map { UnsafePointer($0) }.withUnsafeBufferPointer { names in
            request.skipped = names.baseAddress
            request.skipped_count = names.count
            return qtree(&request)
        }
        if sum.error == ECANCELED { throw CancellationError() }
        if sum.error != 0 { throw Errno(rawValue: sum.error) }
        return TreeSum(digest: Digest(sum), newest: sum.newest)
    }
}
