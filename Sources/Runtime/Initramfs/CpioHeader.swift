/// The header of a `newc` entry: a magic number and thirteen fields of eight hex digits.
///
/// The format is the kernel's: Documentation/driver-api/early-userspace/buffer-format.rst.
struct CpioHeader: Equatable {
    /// Without and with a sum of the data bytes in ``check``.
    static let magic = Array("070701".utf8)
    static let magicWithSum = Array("070702".utf8)
    /// The portable ASCII format that POSIX calls cpio and the kernel refuses by name.
    static let magicPortable = Array("070707".utf8)

    /// Bytes of a header.
    static let size = 110

    var inode: UInt32 = 0
    var mode: UInt32 = 0
    var uid: UInt32 = 0
    var gid: UInt32 = 0
    var links: UInt32 = 1
    var modificationTime: UInt32 = 0
    var fileSize: UInt32 = 0
    var deviceMajor: UInt32 = 0
    var deviceMinor: UInt32 = 0
    var nodeMajor: UInt32 = 0
    var nodeMinor: UInt32 = 0
    /// Length of the name with its NUL.
    var nameSize: UInt32 = 0
    var check: UInt32 = 0

    /// The 110 bytes.
    var encoded: [UInt8] {
        let fields = (
            inode, mode, uid, gid, links, modificationTime, fileSize, deviceMajor, deviceMinor,
            nodeMajor, nodeMinor, nameSize, check
        )
        return [UInt8](unsafeUninitializedCapacity: Self.size) { bytes, count in
            count = bytes.update(fromContentsOf: Self.magic)
            withUnsafeBytes(of: fields) { raw in
                for field in raw.bindMemory(to: UInt32.self) {
                    for shift in stride(from: UInt32(28), through: 0, by: -4) {
                        bytes[count] = Self.digit(UInt8(field >> shift & 15))
                        count += 1
                    }
                    if count == Self.size { break }
                }
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
