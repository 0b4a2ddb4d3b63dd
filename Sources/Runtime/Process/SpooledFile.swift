import CLinux
import Glibc
import SystemPackage

/// What came through a pipe, in a file that can be read as often as is wanted.
///
/// It has no name, and is gone with its last owner, even a killed one.
public final class SpooledFile: Sendable {
    /// For whoever opens it, while this object lives.
    public let path: FilePath
    private let descriptor: Int32

    /// Takes in all that comes through a descriptor, which stays open.
    ///
    /// - Parameter name: of the pipe, for messages.
    /// - Throws: as ``PipeInput/read(_:named:_:)``; ``HostFileError`` where there is no room.
    @LoopActor
    public init(reading pipe: Int32, named name: FilePath) async throws {
        let folder = TemporaryDirectory.systemFolder
        let file = folder.withPlatformString { q_open_nameless($0, 0o600) }
        descriptor = file >= 0 ? file : q_memfd_create("qsh-pipe")
        path = FilePath("/proc/self/fd/\(descriptor)")
        guard descriptor >= 0 else { throw HostFileError("write", folder, errno) }
        let target = FileDescriptor(rawValue: descriptor)
        try await PipeInput.read(pipe, named: name) { bytes in
            do {
                _ = try target.writeAll(bytes)
            } catch let error as Errno {
                throw HostFileError("write", folder, error)
            }
        }
    }

    deinit { close(descriptor) }
}
