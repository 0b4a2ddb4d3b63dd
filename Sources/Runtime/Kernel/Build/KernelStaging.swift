import CLinux
import Glibc
import SystemPackage

/// Copies what a build made out of its folder, which the next build changes.
struct KernelStaging: Sendable {
    let out: FilePath
    let entry: FilePath

    /// A file or folder that may be missing.
    func copyIfThere(_ name: String, as other: String? = nil) throws(KernelBuildError) {
        let from = out.appending(FilePath(name).components)
        let to = entry.appending(FilePath(other ?? name).components)
        do throws(Errno) {
            if FileTree.isFile(from) {
                try FileTree.makeFolders(to.removingLastComponent())
                try Self.copyFile(from.string, to.string)
            } else if FileTree.isFolder(from) {
                try FileTree.makeFolders(to)
                try Self.copyFolder(from.string, to.string)
            }
        } catch {
            throw .staging(entry, error)
        }
    }

    /// What `make M=…` needs of a build folder (Documentation/kbuild/modules.rst), as the
    /// distributions' packages of headers have it.
    func copyHeaders(_ arch: Arch, source: FilePath) throws(KernelBuildError) {
        let folder = arch.kernel.sourceFolder
        for name in [
            ".config", "Module.symvers", "Makefile", "System.map", "include/config",
            "include/generated", "arch/\(folder)/include/generated", "arch/\(folder)/module.lds",
            "arch/\(folder)/lib/crtsavres.o", "scripts", "tools/objtool/objtool",
            "tools/bpf/resolve_btfids/resolve_btfids",
        ] { try copyIfThere(name, as: "headers/\(name)") }
        let link = entry.appending("headers").appending("source")
        unlink(link.string)
        guard symlink(source.string, link.string) == 0 else {
            throw .staging(entry, Errno(rawValue: errno))
        }
    }

    /// Without the folder's own links, which lead back into the source.
    private static func copyFolder(_ from: String, _ to: String) throws(Errno) {
        for item in FileTree.entries(of: from) {
            let (source, target) = ("\(from)/\(item.name)", "\(to)/\(item.name)")
            if item.isFolder {
                guard mkdir(target, 0o755) == 0 || errno == EEXIST else {
                    throw Errno(rawValue: errno)
                }
                try copyFolder(source, target)
            } else {
                var status = stat()
                guard lstat(source, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                    continue
                }
                try copyFile(source, target)
            }
        }
    }

    static func copyFile(_ from: String, _ to: String) throws(Errno) {
        let input = open(from, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw Errno(rawValue: errno) }
        defer { close(input) }
        var status = stat()
        guard fstat(input, &status) == 0 else { throw Errno(rawValue: errno) }
        let output = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, status.st_mode & 0o777)
        guard output >= 0 else { throw Errno(rawValue: errno) }
        defer { close(output) }
        while true {
            let count = q_copy_file_range(input, output, 1 << 30)
            if count == 0 {
                // A power cut must not leave an entry with an empty kernel; what is small is
                // written by then.
                if status.st_size > 256 << 10 { fsync(output) }
                return
            }
            if count < 0 {
                if errno == EXDEV || errno == EINVAL || errno == ENOSYS {
                    return try copyBytes(input, output)
                }
                if errno != EINTR { throw Errno(rawValue: errno) }
            }
        }
    }

    /// Between two file systems.
    private static func copyBytes(_ input: Int32, _ output: Int32) throws(Errno) {
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(input, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Errno(rawValue: errno) }
            if count == 0 { return }
            var done = 0
            while done < count {
                let written = piece.withUnsafeBytes {
                    write(output, $0.baseAddress.map { $0 + done }, count - done)
                }
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else { throw Errno(rawValue: errno) }
                done += written
            }
        }
    }
}
