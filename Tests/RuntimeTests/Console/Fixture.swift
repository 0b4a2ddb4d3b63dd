import Glibc
import SystemPackage
import Testing

/// Files under `Tests/Fixtures`.
enum Fixture {
    static let folder = FilePath(#filePath)
        .removingLastComponent().removingLastComponent().removingLastComponent()
        .appending("Fixtures")

    static func bytes(_ name: String) throws -> [UInt8] {
        let file = try FileDescriptor.open(folder.pushing(FilePath(name)), .readOnly)
        defer { try? file.close() }
        let size = try file.seek(offset: 0, from: .end)
        try file.seek(offset: 0, from: .start)
        return try [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }
}

/// Makes a folder whose `console.log` is `/dev/full`.
func mkdirWithFullLog(_ folder: FilePath) {
    mkdir(folder.string, 0o700)
    symlink("/dev/full", folder.appending("console.log").string)
}

/// Removes a folder and the files in it.
func removeFolder(_ folder: FilePath) {
    for name in ["console.log", "console.timing"] { unlink(folder.appending(name).string) }
    rmdir(folder.string)
}
