import CLinux
import Glibc
import SystemPackage

/// A file that holds a guest's RAM or its devices' state, kept open by its descriptor.
///
/// Most have no name (memfd_create(2)), so that nothing is left behind however qsh ends.
final class GuestMemory: Sendable {
    /// For QEMU to inherit.
    let descriptor: Int32

    /// Makes an empty one of `size` bytes, of which only those that are written take memory.
    init(size: UInt64, name: String = "qsh-guest") throws(Errno) {
        descriptor = q_memfd_create(name)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        guard ftruncate(descriptor, off_t(size)) == 0 else {
            let error = Errno(rawValue: errno)
            close(descriptor)
            throw error
        }
    }

    /// Opens a file.
    init(opening path: FilePath, _ flags: Int32 = O_RDONLY) throws(Errno) {
        descriptor = path.withPlatformString { open($0, flags | O_CLOEXEC) }
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    }

    deinit { close(descriptor) }

    /// The same file with an offset of its own, which a reader that inherits it moves.
    func reopened() throws(Errno) -> GuestMemory {
        try GuestMemory(opening: FilePath("/proc/self/fd/\(descriptor)"))
    }

    /// Bytes that take memory or disk.
    var usedBytes: Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return 0 }
        return Int(status.st_blocks) * 512
    }

    /// A copy of its present contents, holes left out. Blocks.
    func copied() throws(Errno) -> GuestMemory {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Errno(rawValue: errno) }
        let copy = try GuestMemory(size: UInt64(status.st_size))
        try copyContents(to: copy.descriptor)
        return copy
    }

    /// Writes its contents to a file of the same size, holes left out. Blocks.
    func copyContents(to target: Int32) throws(Errno) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Errno(rawValue: errno) }
        let size = Int(status.st_size)
        guard size > 0 else { return }
        let mapped = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0)
        guard let mapped, mapped != MAP_FAILED else { throw Errno(rawValue: errno) }
        defer { munmap(mapped, size) }
        var end = 0
        while true {
            let start = lseek(descriptor, off_t(end), nextData)
            if start < 0 {
                // ENXIO: nothing but a hole up to the end.
                if errno == ENXIO { return }
                throw Errno(rawValue: errno)
            }
            end = Int(lseek(descriptor, start, nextHole))
            guard end > Int(start) else { throw Errno(rawValue: errno) }
            var at = Int(start)
            while at < end {
                let count = pwrite(target, mapped + at, min(end - at, 4 << 20), off_t(at))
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw Errno(rawValue: errno) }
                at += count
            }
        }
    }
}

// SEEK_DATA and SEEK_HOLE of the kernel's include/uapi/linux/fs.h; glibc hides them behind
// _GNU_SOURCE.
private let nextData: Int32 = 3
private let nextHole: Int32 = 4
