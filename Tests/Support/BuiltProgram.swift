import Glibc
import SystemPackage

/// Programs that the build put beside the test bundle.
public enum BuiltProgram {
    /// A stand-in for qsh that may be killed: `victim spawn PROGRAM [ARGS…]`.
    public static var victim: FilePath { beside("victim") }

    private static func beside(_ name: String) -> FilePath {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let bytes = buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        let own = FilePath(String(decoding: bytes, as: UTF8.self))
        return own.removingLastComponent().appending(name)
    }
}
