import Glibc
import SystemPackage

extension RunDirectoryBase {
    /// Removes the oldest dead folders that were to be kept, so that failures do not pile up.
    func removeKept(beyond count: Int) {
        guard let found = try? list() else { return }
        let kept = found.filter { $0.isKept && !$0.isLive }
            .map { (path: $0.path, time: modificationTime($0.path)) }
            .sorted { $0.time > $1.time }
        for folder in kept.dropFirst(count) { try? removeFileTree(folder.path) }
    }

    private func modificationTime(_ path: FilePath) -> Int {
        var status = stat()
        guard lstat(path.string, &status) == 0 else { return 0 }
        return status.st_mtim.tv_sec
    }
}
