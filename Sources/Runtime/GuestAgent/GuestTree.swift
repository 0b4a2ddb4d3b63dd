import Glibc
import SystemPackage

/// Why a folder could not be copied into or out of a guest.
public enum GuestTreeError: DiagnosticError, Equatable {
    /// tar(1) of the host failed; its words.
    case host(path: FilePath, action: String, words: String)
    /// tar(1) of the guest failed; its words.
    case guest(path: String, action: String, words: String)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .host(let path, let action, let words):
            Diagnostic(.usage, "cannot \(action) `\(path)`: \(words)")
        case .guest(let path, let action, let words):
            Diagnostic(
                .recipeFailed, "`\(path)` in the guest: cannot \(action): \(words)",
                hint: "copying folders needs `tar` in the guest; qsh's busybox has it")
        }
    }
}

// A folder goes as one archive of tar(1), which Debian and busybox both have: a request for each
// of thousands of files would take minutes.
extension CommandChannel {
    /// Makes the folder `guest` in the guest, or adds to it, with what is in `folder`.
    ///
    /// Names, modes, links and contents stay as they are; owners become root.
    ///
    /// - Throws: ``GuestTreeError``, ``GuestAgentError``, ``HostFileError``, ``ProcessError`` or
    ///   `CancellationError`.
    public func copyTreeIn(
        _ folder: FilePath, to guest: String, until deadline: Deadline
    ) async throws {
        let scratch = try scratchFolder(folder)
        defer { withExtendedLifetime(scratch) {} }
        let archive = scratch.path.appending("tree.tar")
        let packed = try await CommandRunner.run(
            Command([
                "tar", "-C", folder.string, "--owner=0", "--group=0", "--numeric-owner", "-cf",
                archive.string, ".",
            ]), until: deadline)
        guard packed.succeeded else {
            throw GuestTreeError.host(path: folder, action: "read", words: packed.lastWords)
        }
        let file = try HostFileReader(archive)
        let place = Command.shellQuoted(guest)
        let command = GuestCommand(
            .shell("mkdir -p \(place) && exec tar -C \(place) -xf -"),
            input: .source { try file.next() })
        let result = try await execute(command, until: deadline)
        guard result.succeeded else {
            throw GuestTreeError.guest(path: guest, action: "write", words: result.lastWords)
        }
    }

    /// Makes the folder `folder` of the host with what is in `guest`; complete or not at all.
    ///
    /// - Throws: as ``copyTreeIn(_:to:until:)``. A folder that is there and not empty is an error.
    public func copyTreeOut(
        _ guest: String, to folder: FilePath, until deadline: Deadline
    ) async throws {
        let target = FileTree.absolute(folder)
        let scratch: TemporaryDirectory
        do throws(Errno) {
            scratch = try TemporaryDirectory(
                prefix: ".\(target.lastComponent?.string ?? "tree")",
                in: target.removingLastComponent())
        } catch {
            throw HostFileError("write", folder, error.rawValue)
        }
        defer { withExtendedLifetime(scratch) {} }
        let archive = scratch.path.appending("tree.tar")
        let file = try FileDraft(for: archive)
        let errors = ErrorText()
        let command = GuestCommand(.arguments(["tar", "-C", guest, "-cf", "-", "."])) {
            stream, bytes in
            if stream == .stdout { try file.write(bytes) } else { errors.bytes += bytes }
        }
        let result = try await execute(command, until: deadline)
        guard result.succeeded else {
            throw GuestTreeError.guest(
                path: guest, action: "read", words: lastLine(errors.bytes))
        }
        try file.commit()
        let place = scratch.path.appending("tree")
        let unpacked = try await CommandRunner.run(
            Command(
                [
                    "sh", "-c", "mkdir \"$2\" && exec tar -C \"$2\" --no-same-owner -xpf \"$1\"",
                    "sh",
                ]
                    + [archive.string, place.string]), until: deadline)
        guard unpacked.succeeded else {
            throw GuestTreeError.host(path: folder, action: "write", words: unpacked.lastWords)
        }
        guard rename(place.string, target.string) == 0 else {
            throw HostFileError("write", folder, errno)
        }
    }

    private func scratchFolder(_ folder: FilePath) throws -> TemporaryDirectory {
        do throws(Errno) {
            return try TemporaryDirectory(prefix: "qsh-tree")
        } catch {
            throw HostFileError("write", folder, error.rawValue)
        }
    }
}

@LoopActor
private final class ErrorText {
    var bytes: [UInt8] = []
}

private func lastLine(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.suffix(4096), as: UTF8.self).split(whereSeparator: \.isNewline).last
        .map(String.init) ?? "no reason given"
}

extension CommandResult {
    fileprivate var lastWords: String { timedOut ? "it took too long" : lastLine(stderr) }
}

extension GuestResult {
    fileprivate var lastWords: String { lastLine(stderr) }
}
