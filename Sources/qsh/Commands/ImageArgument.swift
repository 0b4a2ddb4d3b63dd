import Glibc
import QshRuntime
import SystemPackage

/// An image that a command is given: a file, `-` for standard input, or a pipe.
///
/// What comes through a pipe is read to its end first, since an image is looked at more than once.
struct ImageArgument {
    /// To be read while this value lives.
    let file: FilePath
    private let spool: SpooledFile?

    @LoopActor
    init(_ word: String) async throws {
        if word == "-" {
            spool = try await SpooledFile(reading: STDIN_FILENO, named: "stdin")
        } else if Self.isPipe(word) {
            // A fifo that nobody has opened for writing yet would hold up the open.
            let pipe = open(word, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            guard pipe >= 0 else {
                throw HostFileError("read", FilePath(word), Errno(rawValue: errno))
            }
            defer { close(pipe) }
            spool = try await SpooledFile(reading: pipe, named: FilePath(word))
        } else {
            spool = nil
        }
        file = spool?.path ?? FilePath(word)
    }

    private static func isPipe(_ word: String) -> Bool {
        var status = stat()
        return stat(word, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    }
}
