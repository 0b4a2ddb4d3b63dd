import CLinux
import Glibc
import SystemPackage

/// Where the bytes of an image go.
protocol ImageSink: AnyObject {
    /// Takes all of `bytes`.
    func write(_ bytes: UnsafeRawBufferPointer) throws(InitramfsError)

    /// Takes `count` bytes from where `descriptor` stands.
    ///
    /// - Returns: how many there were; fewer only at the end of that file.
    func copy(from descriptor: Int32, count: Int) throws(ReadFailure) -> Int

    /// An entry of the archive is complete with its padding: the kernel lets a compressed stream
    /// end here and another one go on.
    func entryEnds() throws(InitramfsError)

    /// Hands on whatever is still held back.
    func finish() throws(InitramfsError)
}

extension ImageSink {
    func entryEnds() throws(InitramfsError) {}
}

/// Why a copy stopped: the source's fault or the sink's.
enum ReadFailure: Error {
    case source(Errno)
    case sink(InitramfsError)
}

/// Bytes that a sink reads or holds back at once.
let imageChunkSize = 1 << 20

/// Writes to a descriptor through a buffer of constant size.
final class DescriptorSink: ImageSink {
    private let descriptor: Int32
    private let name: FilePath
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: imageChunkSize, alignment: 4096)
    private var used = 0
    private var kernelCopies = true

    /// - Parameter name: what errors call the output.
    init(_ descriptor: Int32, name: FilePath) {
        self.descriptor = descriptor
        self.name = name
    }

    deinit { buffer.deallocate() }

    func write(_ bytes: UnsafeRawBufferPointer) throws(InitramfsError) {
        if bytes.count > buffer.count - used { try flush() }
        if bytes.count > buffer.count { return try writeOut(bytes) }
        UnsafeMutableRawBufferPointer(rebasing: buffer[used...]).copyMemory(from: bytes)
        used += bytes.count
    }

    func copy(from source: Int32, count: Int) throws(ReadFailure) -> Int {
        // Below this, one read beats the two more calls that the kernel's own copy needs.
        if count <= 256 << 10 { return try copyThroughBuffer(from: source, count: count) }
        try flushForCopy()
        var done = 0
        while done < count, kernelCopies {
            let copied = q_copy_file_range(source, descriptor, min(count - done, 1 << 30))
            if copied > 0 {
                done += copied
            } else if copied == 0 {
                break
            } else if errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EFBIG {
                throw .sink(failure(errno))
            } else if errno != EINTR {
                // EXDEV, EINVAL (a pipe, /proc), EOPNOTSUPP, EPERM: this pair cannot.
                kernelCopies = false
            }
        }
        return try done + copyThroughBuffer(from: source, count: count - done)
    }

    func finish() throws(InitramfsError) { try flush() }

    private func copyThroughBuffer(from source: Int32, count: Int) throws(ReadFailure) -> Int {
        var done = 0
        while done < count {
            if used == buffer.count || count - done > buffer.count - used && used > 0 {
                try flushForCopy()
            }
            let got = read(
                source, buffer.baseAddress?.advanced(by: used),
                min(count - done, buffer.count - used))
            if got == 0 { break }
            if got < 0 {
                if errno == EINTR { continue }
                throw .source(Errno(rawValue: errno))
            }
            used += got
            done += got
        }
        return done
    }

    private func flushForCopy() throws(ReadFailure) {
        do throws(InitramfsError) { try flush() } catch { throw .sink(error) }
    }

    private func flush() throws(InitramfsError) {
        let filled = used
        used = 0
        try writeOut(UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
    }

    private func writeOut(_ bytes: UnsafeRawBufferPointer) throws(InitramfsError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let written = Glibc.write(descriptor, part.baseAddress, part.count)
            if written < 0 {
                if errno == EINTR { continue }
                throw failure(errno)
            }
            rest = rest.dropFirst(written)
        }
    }

    private func failure(_ code: Int32) -> InitramfsError {
        if code == ENOSPC || code == EDQUOT { return .outputFull(name) }
        return .outputFailed(name, reason: Errno(rawValue: code).description)
    }
}

/// Keeps everything in memory.
final class MemorySink: ImageSink {
    private(set) var bytes: [UInt8] = []

    func write(_ more: UnsafeRawBufferPointer) throws(InitramfsError) {
        bytes.append(contentsOf: more)
    }

    func copy(from source: Int32, count: Int) throws(ReadFailure) -> Int {
        var done = 0
        while done < count {
            let size = min(count - done, imageChunkSize)
            var code: Int32 = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: size) { space, filled in
                let got = read(source, space.baseAddress, size)
                code = got < 0 ? errno : 0
                filled = max(0, got)
            }
            if code == EINTR { continue }
            if code != 0 { throw .source(Errno(rawValue: code)) }
            if chunk.isEmpty { break }
            bytes.append(contentsOf: chunk)
            done += chunk.count
        }
        return done
    }

    func finish() throws(InitramfsError) {}
}
