import Glibc
import SystemPackage

/// The right to put another file in an image's place: two additions at once would otherwise each
/// start from the same image, and the later rename would lose the earlier one's files.
final class ImageClaim: Sendable {
    private let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Waits until no other process has one.
    ///
    /// - Throws: ``InitramfsError``; `CancellationError`.
    @LoopActor
    static func take(_ image: FilePath, until deadline: Deadline) async throws -> ImageClaim {
        while true {
            let opened = image.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
            guard opened >= 0 else {
                let reason = Errno(rawValue: errno).description
                throw InitramfsError.hostFileUnreadable(image, reason: reason)
            }
            let claim = ImageClaim(opened)
            do { try await FileLock.take(opened, until: deadline) } catch FileLock.Failure.busy {
                throw InitramfsError.imageBusy(image)
            } catch FileLock.Failure.refused(let error) {
                // A network file system may have no locks: then one writer has to do.
                guard error == .notSupported || error == .noLocks else {
                    throw InitramfsError.hostFileUnreadable(image, reason: error.description)
                }
            }
            // The last holder renamed its image to this name: the lock is on a file without one.
            if claim.isOn(image) { return claim }
        }
    }

    private func isOn(_ image: FilePath) -> Bool {
        var held = stat()
        var named = stat()
        return fstat(descriptor, &held) == 0
            && image.withPlatformString({ stat($0, &named) }) == 0
            && held.st_dev == named.st_dev && held.st_ino == named.st_ino
    }
}
