import Glibc
import SystemPackage

/// Opens files that mostly lie in the folder of the one before, by their names alone there: the
/// way down to a folder is a tenth of what a small file costs.
struct LastFolder: ~Copyable {
    /// With the slash at its end.
    private var path: [CChar] = []
    /// -1 until a second file of the folder is asked for.
    private var descriptor: Int32 = -1

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Opens for reading, without waiting for a writer of a fifo.
    ///
    /// - Returns: the descriptor, which the caller closes; -1 where that failed, as `open`.
    mutating func open(_ file: FilePath) -> Int32 {
        file.withPlatformString { path in
            let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK
            guard let slash = strrchr(path, 0x2f) else { return Glibc.open(path, flags) }
            let name = UnsafePointer(slash + 1)
            let folder = UnsafeBufferPointer(start: path, count: path.distance(to: name))
            if enter(folder) { return openat(descriptor, name, flags) }
            return Glibc.open(path, flags)
        }
    }

    private mutating func enter(_ folder: UnsafeBufferPointer<CChar>) -> Bool {
        if !folder.elementsEqual(path) {
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
            path = Array(folder)
            return false
        }
        if descriptor < 0 {
            descriptor = (path + [0]).withUnsafeBufferPointer {
                $0.baseAddress.map { Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) } ?? -1
            }
        }
        return descriptor >= 0
    }
}
