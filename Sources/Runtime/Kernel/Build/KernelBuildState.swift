import Glibc
import SystemPackage

/// What is remembered in a build folder about the last build in it.
enum KernelBuildState: Equatable {
    /// Nothing: no build of qsh's was ever there.
    case none
    /// One that was cut off, with SIGKILL or by a power cut, or is still running.
    case cutOff
    /// make ended by itself, or was asked to and did.
    case stopped
    /// All of it was built, with this configuration.
    case complete(Digest?)

    private static func file(_ out: FilePath) -> FilePath { out.appending(".qsh-build") }

    static func read(_ out: FilePath) -> KernelBuildState {
        guard let bytes = try? readSmallFile(file(out), limit: 64) else { return .none }
        let text = String(decoding: bytes, as: UTF8.self)
        if text.hasPrefix("complete") { return .complete(nil) }
        return text.hasPrefix("stopped") ? .stopped : .cutOff
    }

    /// Failing is no harm: the next build then looks again at what is there.
    func write(_ out: FilePath) {
        let text =
            switch self {
            case .none, .cutOff: "building\n"
            case .stopped: "stopped\n"
            case .complete: "complete\n"
            }
        try? AtomicFile.write(Array(text.utf8), to: Self.file(out))
    }

    /// Removes what a compiler that was killed may have left half written.
    ///
    /// kbuild writes `.NAME.cmd` after NAME is whole; a NAME that is newer was being made. make
    /// itself would take it for done.
    static func removeHalfMade(in out: FilePath, _ work: WorkerThread.Cancellation) throws -> Int {
        var removed = 0
        try visitCommandFiles(in: out) { folder, name in
            if work.isCancelled { throw CancellationError() }
            let target = "\(folder)/\(name.dropFirst().dropLast(4))"
            guard isNewer(target, than: "\(folder)/\(name)") else { return }
            unlink(target)
            removed += 1
        }
        return removed
    }

    private static func isNewer(_ file: String, than other: String) -> Bool {
        var (left, right) = (stat(), stat())
        guard lstat(file, &left) == 0, lstat(other, &right) == 0 else { return false }
        let (one, two) = (left.st_mtim, right.st_mtim)
        return (one.tv_sec, one.tv_nsec) > (two.tv_sec, two.tv_nsec)
    }

    /// Files that kbuild wrote beside what it has made: what is done of a build.
    static func commandFiles(in out: FilePath) -> Int {
        var count = 0
        visitCommandFiles(in: out) { _, _ in count += 1 }
        return count
    }

    /// Calls `body` with folder and name of each of those files.
    static func visitCommandFiles<Failure: Error>(
        in out: FilePath, _ body: (_ folder: String, _ name: String) throws(Failure) -> Void
    ) throws(Failure) {
        var folders = [out.string]
        while let folder = folders.popLast() {
            for entry in FileTree.entries(of: folder) {
                if entry.isFolder {
                    folders.append("\(folder)/\(entry.name)")
                } else if entry.name.hasPrefix("."), entry.name.hasSuffix(".cmd") {
                    try body(folder, entry.name)
                }
            }
        }
    }
}
