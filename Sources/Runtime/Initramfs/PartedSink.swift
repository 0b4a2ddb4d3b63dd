import Glibc
import SystemPackage

/// Compresses an archive in parts, several at a time: each part ends with an entry and is a stream
/// of its own, which the kernel unpacks one behind the other.
///
/// Where the parts are cut depends on sizes only, so the bytes do not depend on the number of
/// threads. Memory is bounded by the number of threads; a file larger than ``largestPart`` is
/// compressed alone, as it passes.
final class PartedSink: ImageSink {
    private static let largestPart = 32 << 20

    private let compression: InitramfsCompression
    private let partSize: Int
    private let threads: Int
    private let inner: any ImageSink
    private var part: [UInt8] = []
    /// Nil is what the library failed at.
    private var jobs: [ThreadJob<[UInt8]?>] = []
    /// Of the part that is too large to be held.
    private var encoder: (any SegmentEncoder)?
    private let chunk = OutputBuffer(imageChunkSize)

    init(_ compression: InitramfsCompression, threads: Int, to inner: any ImageSink) {
        self.compression = compression
        partSize = compression.partSize ?? imageChunkSize
        self.threads = max(1, threads)
        self.inner = inner
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(InitramfsError) {
        if let encoder { return try encode(encoder, bytes, isLast: false) }
        part.append(contentsOf: bytes)
        if part.count >= Self.largestPart { try startStreaming() }
    }

    func copy(from source: Int32, count: Int) throws(ReadFailure) -> Int {
        var done = 0
        while done < count {
            let got = read(source, chunk.bytes.baseAddress, min(chunk.bytes.count, count - done))
            if got == 0 { break }
            if got < 0 {
                if errno == EINTR { continue }
                throw .source(Errno(rawValue: errno))
            }
            do throws(InitramfsError) { try write(chunk.prefix(got)) } catch { throw .sink(error) }
            done += got
        }
        return done
    }

    func entryEnds() throws(InitramfsError) {
        if let encoder {
            try encode(encoder, UnsafeRawBufferPointer(start: nil, count: 0), isLast: true)
            self.encoder = nil
        } else if part.count >= partSize {
            try startJob()
        }
    }

    func finish() throws(InitramfsError) {
        if encoder != nil { try entryEnds() }
        if !part.isEmpty { try startJob() }
        while !jobs.isEmpty { try finishJob() }
        try inner.finish()
    }

    private func startJob() throws(InitramfsError) {
        while jobs.count >= threads { try finishJob() }
        jobs.append(ThreadJob { [part, compression] in pack(part, compression) })
        part = []
        part.reserveCapacity(partSize + imageChunkSize)
    }

    private func finishJob() throws(InitramfsError) {
        guard let packed = jobs.removeFirst().wait() else { throw .compressorFailed }
        var failure: InitramfsError?
        packed.withUnsafeBytes { bytes in
            do throws(InitramfsError) { try inner.write(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func startStreaming() throws(InitramfsError) {
        while !jobs.isEmpty { try finishJob() }
        guard let encoder = compression.makeEncoder(threads: threads) else {
            throw .compressorFailed
        }
        self.encoder = encoder
        var failure: InitramfsError?
        part.withUnsafeBytes { bytes in
            do throws(InitramfsError) {
                try encode(encoder, bytes, isLast: false)
            } catch {
                failure = error
            }
        }
        part = []
        if let failure { throw failure }
    }

    private func encode(
        _ encoder: any SegmentEncoder, _ bytes: UnsafeRawBufferPointer, isLast: Bool
    ) throws(InitramfsError) {
        let worked = try encoder.encode(bytes, isLast: isLast) {
            packed throws(InitramfsError) in
            if !packed.isEmpty { try inner.write(packed) }
        }
        if !worked { throw .compressorFailed }
    }
}

/// One part as it goes to the output.
private func pack(_ part: [UInt8], _ compression: InitramfsCompression) -> [UInt8]? {
    let sink = MemorySink()
    guard let encoder = compression.makeEncoder(threads: 1) else { return nil }
    let compressing = CompressingSink(encoder, to: sink)
    do throws(InitramfsError) {
        var failure: InitramfsError?
        part.withUnsafeBytes { bytes in
            do throws(InitramfsError) { try compressing.write(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
        try compressing.finish()
        return sink.bytes
    } catch {
        // Memory is short.
        return nil
    }
}
