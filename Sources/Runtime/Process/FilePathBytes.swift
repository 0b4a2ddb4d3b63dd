import Glibc
import SystemPackage

extension FilePath {
    /// The path's own bytes, which need not be UTF-8, without the NUL at the end.
    var platformBytes: [UInt8] {
        withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
    }
}
