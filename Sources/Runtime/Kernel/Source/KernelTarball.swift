import Glibc
import SystemPackage

/// A kernel's source as an archive, unpacked once.
@LoopActor
struct KernelTarball {
    let file: FilePath
    let cache: Cache
    let progress: @LoopActor (ProgressReport?) -> Void

    /// Returns the folder in the cache, unpacking first where it is not there.
    func open() async throws -> FilePath {
        var status = stat()
        let real = FileTree.resolved(file)
        guard stat(real.string, &status) == 0 else { throw KernelSourceError.noFolder(file) }
        guard status.st_mode & S_IFMT == S_IFREG, let format = TarFormat(of: real) else {
            throw KernelSourceError.notATarball(file)
        }
        // A file that was replaced is another one.
        let facts =
            "\(real) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec)"
            + " \(status.st_mtim.tv_nsec)"
        let name = "source-\(stem)-\(Digest.of(facts).short)"
        return try await cache.entry(
            name, until: .after(.seconds(1800)),
            waiting: { progress(ProgressReport("waiting for another qsh")) },
            make: { try await unpack(real, format, Int(status.st_size), $0) })
    }

    /// `linux-6.1` of `linux-6.1.tar.xz`, without what make or a shell could trip over.
    private var stem: String {
        let name = file.lastComponent?.string ?? "source"
        let base = name.components(before: ".tar")
        return String(
            base.map {
                $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0))
                    ? $0 : "_"
            })
    }

    private func unpack(
        _ real: FilePath, _ format: TarFormat, _ size: Int, _ scratch: FilePath
    ) async throws -> FilePath {
        for (program, package) in [("tar", "tar")] + [format.program].compactMap({ $0 })
        where Command.locate(program) == nil {
            throw KernelSourceError.missingProgram(program, package: package)
        }
        defer { progress(nil) }
        let folder = scratch.appending("tree")
        do { try FileTree.makeFolders(folder) } catch {
            throw CacheError.unusable(cache.root, error)
        }
        try await TarExtraction(file: real, format: format, folder: folder) { done in
            progress(
                ProgressReport(
                    "unpacking", done: done, total: size,
                    detail: file.lastComponent?.string ?? file.string))
        }.run()
        return try tree(in: folder)
    }

    /// The archive's one folder, or the archive itself.
    private func tree(in folder: FilePath) throws -> FilePath {
        let names = FileTree.names(in: folder).filter { $0 != "pax_global_header" }
        var found = folder
        if names.count == 1 { found = folder.appending(names[0]) }
        do { _ = try KernelSource(folder: found, origin: .tarball) } catch {
            guard case .notATree(_, let lack) = error else { throw error }
            throw KernelSourceError.notATree(file, lack)
        }
        return found
    }
}

extension String {
    /// The text before the first `mark`, all of it where that is not there.
    fileprivate func components(before mark: String) -> String {
        firstRange(of: mark).map { String(self[..<$0.lowerBound]) } ?? self
    }
}
