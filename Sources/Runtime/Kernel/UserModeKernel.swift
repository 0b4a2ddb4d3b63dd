import Glibc
import SystemPackage

/// A kernel that is a program of the host: user-mode Linux (`ARCH=um`).
enum UserModeKernel {
    /// Whether a file is one. It has a section for its command line's handlers, which no other
    /// program has (arch/um/include/shared/init.h), and which stripping leaves.
    static func isOne(_ path: FilePath) -> Bool {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return ELFSection(".uml.setup.init") { offset, count in
            guard let offset = off_t(exactly: offset), count <= 1 << 20 else { return nil }
            var bytes = [UInt8](repeating: 0, count: count)
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, count, offset)
            }
            return got == count ? bytes : nil
        } != nil
    }
}
