import Glibc
import SystemPackage

/// What comes through a pipe, or from somebody who types it, up to its end.
@LoopActor
public enum PipeInput {
    private static let pieceSize = 256 * 1024

    /// Hands on what comes through a descriptor until nothing more can come; the loop goes on
    /// meanwhile, so that Ctrl-C ends the wait.
    ///
    /// - Parameters:
    ///   - name: for messages.
    ///   - take: the bytes are valid during the call only.
    /// - Throws: ``HostFileError``, what `take` throws, or `CancellationError`.
    public static func read(
        _ descriptor: Int32, named name: FilePath,
        _ take: (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            try await waitUntilReadable(descriptor)
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count == 0 { return }
            if count > 0 {
                try take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } else if errno != EINTR, errno != EAGAIN {
                throw HostFileError("read", name, errno)
            }
            await Task.yield()
        }
    }

    /// Everything on standard input.
    public static func standardInput() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await read(STDIN_FILENO, named: "stdin") { bytes += $0 }
        return bytes
    }

    /// A file, and `/dev/null`, always is, and epoll does not take those.
    private static func waitUntilReadable(_ descriptor: Int32) async throws {
        try Task.checkCancellation()
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, 0) == 0 else { return }
        let changed = Broadcast()
        var isReadable = false
        let watch = EventLoop.shared.watch(descriptor, for: .readable) { _ in
            isReadable = true
            changed.notify()
        }
        defer { watch.cancel() }
        // Its end is that of who writes; who types ends it by Ctrl-D or Ctrl-C.
        _ = try await changed.wait(until: .never) { isReadable }
    }
}
