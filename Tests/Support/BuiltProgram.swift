import Glibc
import SystemPackage

/// Programs that the build put beside the test bundle.
public enum BuiltProgram {
    /// A stand-in for qsh that may be killed: `victim spawn PROGRAM [ARGS…]`.
    public static var victim: FilePath { beside("victim") }

    private static func beside(_ name: String) -> FilePath {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            readlink(
                "/proc/self/exe", bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                bytes.count)
        }
        let own = FilePath(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self))
        return own.removingLastComponent().appending(name)
    }
}
