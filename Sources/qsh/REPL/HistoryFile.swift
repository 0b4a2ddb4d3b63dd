import Glibc
import LuaBridge
import QshRuntime
import SystemPackage

/// What was typed in earlier sessions: `$XDG_STATE_HOME/qsh/history`, one entry a line.
///
/// Entries are appended one at a time under a lock, so that two sessions do not lose each other's.
/// Line breaks within an entry are kept as `\n`, backslashes as `\\`.
struct HistoryFile {
    private static let limit = 2000
    /// Bytes from which on the oldest entries are dropped.
    private static let largest = 1 << 20
    private let path: FilePath?

    init() {
        if let state = getenv("XDG_STATE_HOME").map({ String(cString: $0) }), !state.isEmpty {
            path = FilePath(state).appending("qsh/history")
        } else if let home = getenv("HOME").map({ String(cString: $0) }), !home.isEmpty {
            path = FilePath(home).appending(".local/state/qsh/history")
        } else {
            path = nil
        }
    }

    /// The newest entries, oldest first.
    func entries() -> [String] {
        guard let path, let chunk = try? RecipeSource.read(.file(path.string)) else { return [] }
        return String(decoding: chunk.source, as: UTF8.self).split(separator: "\n")
            .suffix(Self.limit).map { Self.unescaped($0) }
    }

    /// Adds one entry; a history that cannot be written is no reason to stop.
    func append(_ entry: String) {
        guard let path, let descriptor = openLocked(path) else { return }
        defer { close(descriptor) }
        let escaped = entry.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        let line = Array((escaped + "\n").utf8)
        _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_size > Self.largest { shorten(path) }
    }

    /// The file as it is now: another session may have put a shorter one in its place between the
    /// opening and the lock.
    private func openLocked(_ path: FilePath) -> Int32? {
        makeFolders(path.removingLastComponent())
        while true {
            let descriptor = open(path.string, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return nil }
            flock(descriptor, LOCK_EX)
            var opened = stat()
            var named = stat()
            guard fstat(descriptor, &opened) == 0 else { return descriptor }
            if stat(path.string, &named) == 0, named.st_ino == opened.st_ino { return descriptor }
            close(descriptor)
        }
    }

    /// Keeps the newest entries; called under the lock.
    private func shorten(_ path: FilePath) {
        guard let chunk = try? RecipeSource.read(.file(path.string)) else { return }
        let lines = chunk.source.split(separator: UInt8(ascii: "\n")).suffix(Self.limit)
        let text = lines.flatMap { $0 + [UInt8(ascii: "\n")] }
        // Fewer entries than that may be longer than the limit: then it stays as it is.
        guard text.count < Self.largest / 2 else { return }
        try? AtomicFile.write(text, to: path, mode: 0o600)
    }

    private func makeFolders(_ folder: FilePath) {
        if mkdir(folder.string, 0o700) != 0, errno == ENOENT, !folder.isEmpty {
            makeFolders(folder.removingLastComponent())
            mkdir(folder.string, 0o700)
        }
    }

    private static func unescaped(_ line: Substring) -> String {
        var result = ""
        var isEscaped = false
        for character in line {
            if isEscaped {
                result.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                result.append(character)
            }
        }
        return result
    }
}
