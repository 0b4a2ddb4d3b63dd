import CLinux
import Glibc
import SystemPackage

/// The folder in which make works, beside the source: `O=`.
struct KernelBuildFolder: Sendable, Equatable {
    let path: FilePath
    /// Names its lock in the cache.
    let lockName: String

    /// The caller's folder, or one in the cache for the tree and the toolchain.
    static func choose(
        _ request: KernelBuildRequest, _ source: KernelSource, _ cache: Cache
    ) throws(KernelBuildError) -> KernelBuildFolder {
        guard let out = request.out else {
            let words = [source.folder.string] + request.toolchain.makeWords
            let name =
                "build-\(source.version.text)-\(request.toolchain.arch)-"
                + Digest.of(words.joined(separator: "\n")).short
            return KernelBuildFolder(path: cache.path(of: name), lockName: name)
        }
        let path = FileTree.resolved(FileTree.absolute(out))
        if let character = KernelSourceError.unbuildable(in: path) {
            throw .out(path, .unbuildable(character))
        }
        if path == source.folder { throw .out(path, .isSource) }
        return KernelBuildFolder(path: path, lockName: "out-\(Digest.of(path.string).short)")
    }

    /// Makes the folder where it is missing, and finds out whether a kernel can be built in it.
    func prepare() throws(KernelBuildError) {
        do { try FileTree.makeFolders(path) } catch { throw .out(path, .unusable(error)) }
        guard FileTree.isFolder(path) else { throw .out(path, .unusable(.notDirectory)) }
        let probe = path.appending(".qsh-Probe")
        do throws(Errno) { try AtomicFile.write([], to: probe, mode: 0o755) } catch {
            throw .out(path, .unusable(error))
        }
        defer { unlink(probe.string) }
        // Names that differ in case only: net/netfilter/xt_DSCP.c and xt_dscp.c.
        if access(path.appending(".qsh-pROBE").string, F_OK) == 0 {
            throw .out(path, .ignoresCase)
        }
        // The build runs programs that it has built there.
        var status = statvfs()
        if statvfs(path.string, &status) == 0, status.f_flag & UInt(Self.noexec) != 0 {
            throw .out(path, .isNoexec)
        }
    }

    /// The configuration in it; nil where there is none.
    func config() throws -> [UInt8]? {
        let file = path.appending(".config")
        guard FileTree.isFile(file) else { return nil }
        do { return try readSmallFile(file, limit: 8 << 20) } catch {
            throw KernelBuildError.out(path, .unusable(error))
        }
    }

    /// ST_NOEXEC of statvfs(3), which glibc hides from Swift.
    private static let noexec = 8
}
