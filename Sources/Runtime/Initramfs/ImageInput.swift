import Glibc
import SystemPackage

/// The bytes of an image, read forwards through a window of bounded size.
///
/// Not a mapping: a file that shrinks while it is mapped kills its reader with SIGBUS.
final class ImageInput {
    private enum Source {
        case descriptor(Int32)
        case bytes([UInt8])
    }

    private let source: Source
    private let name: FilePath
    /// Where the image starts in its file.
    private let base: Int
    private var window: UnsafeMutableRawBufferPointer
    private var start = 0
    private var filled = 0
    /// Offset in the image of the next byte.
    private(set) var position = 0
    /// Offset at which the image ends.
    private(set) var end: Int

    init(bytes: [UInt8]) {
        source = .bytes(bytes)
        name = "image"
        base = 0
        end = bytes.count
        window = .allocate(byteCount: max(1, min(bytes.count, imageChunkSize)), alignment: 16)
    }

    /// - Parameter part: of the file that is the image; all of it where nil.
    init(opening file: FilePath, part: Range<Int>? = nil) throws(InitramfsError) {
        let status = try HostFile.readableStatus(of: file)
        let descriptor = file.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw .hostFileUnreadable(file, reason: Errno(rawValue: errno).description)
        }
        source = .descriptor(descriptor)
        name = file
        let size = Int(status.size)
        base = min(part?.lowerBound ?? 0, size)
        end = min(part?.upperBound ?? size, size) - base
        window = .allocate(byteCount: max(1, min(end, imageChunkSize)), alignment: 16)
    }

    deinit {
        window.deallocate()
        if case .descriptor(let descriptor) = source { close(descriptor) }
    }

    /// How much is left.
    var remaining: Int { end - position }

    /// Returns up to `count` bytes from anywhere, without moving; fewer only at the image's end.
    func bytes(at offset: Int, count: Int) throws(InitramfsError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max(0, min(count, end - offset)))
        var filled = 0
        while filled < bytes.count {
            let got = try bytes.withUnsafeMutableBufferPointer { space throws(InitramfsError) in
                let rest = UnsafeMutableBufferPointer(rebasing: space[filled...])
                return try read(at: offset + filled, into: UnsafeMutableRawBufferPointer(rest))
            }
            if got == 0 { break }
            filled += got
        }
        return Array(bytes.prefix(filled))
    }

    /// Goes on at an offset.
    func move(to offset: Int) { (start, filled, position) = (0, 0, min(offset, end)) }

    /// Takes `offset` as the end of the image.
    func cut(at offset: Int) { end = min(end, offset) }

    /// Returns the bytes from here on: at least `count`, fewer only at the end of the image.
    ///
    /// Valid until the next call.
    func peek(_ count: Int = 1) throws(InitramfsError) -> UnsafeRawBufferPointer {
        let wanted = min(count, remaining)
        if filled - start < wanted { try fill(wanted) }
        let available = min(filled - start, remaining)
        return UnsafeRawBufferPointer(rebasing: window[start..<start + available])
    }

    /// Steps over bytes that were peeked at.
    func advance(_ count: Int) {
        start += count
        position += count
    }

    private func fill(_ wanted: Int) throws(InitramfsError) {
        let kept = filled - start
        if wanted > window.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: wanted, alignment: 16)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: window[start..<filled]))
            window.deallocate()
            window = larger
        } else if let base = window.baseAddress {
            memmove(base, base + start, kept)
        }
        start = 0
        filled = kept
        while filled < wanted {
            let rest = UnsafeMutableRawBufferPointer(rebasing: window[filled...])
            let got = try read(at: position + filled, into: rest)
            // The file shrank since it was opened.
            if got == 0 {
                end = position + filled
                return
            }
            filled += got
        }
    }

    private func read(
        at offset: Int, into space: UnsafeMutableRawBufferPointer
    ) throws(InitramfsError) -> Int {
        switch source {
        case .bytes(let bytes):
            let count = min(space.count, bytes.count - offset)
            bytes.withUnsafeBytes { all in
                let part = all[offset..<offset + count]
                space.copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
            }
            return count
        case .descriptor(let descriptor):
            while true {
                let got = pread(descriptor, space.baseAddress, space.count, base + offset)
                if got >= 0 { return got }
                let code = errno
                if code == EINTR { continue }
                throw .hostFileUnreadable(name, reason: Errno(rawValue: code).description)
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The little-endian 32-bit number at an offset that is in range.
    func littleEndian32(at offset: Int) -> UInt32 {
        UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// The big-endian 32-bit number at an offset that is in range.
    func bigEndian32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
