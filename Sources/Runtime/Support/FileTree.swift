import Glibc
import SystemPackage

/// Questions about files of the host, and the few changes that are made to whole folders.
public enum FileTree {
    /// Whether a regular file is there, symlinks followed.
    public static func isFile(_ path: FilePath) -> Bool { type(of: path) == S_IFREG }

    /// Whether a folder is there, symlinks followed.
    public static func isFolder(_ path: FilePath) -> Bool { type(of: path) == S_IFDIR }

    /// Whether qsh may read what is there.
    static func isReadable(_ path: FilePath) -> Bool {
        path.withPlatformString { access($0, R_OK) } == 0
    }

    /// Names in a folder, sorted, without the two dots; none where it cannot be read.
    static func names(in folder: FilePath) -> [String] {
        entries(of: folder.string).map(\.name)
    }

    /// The same, with whether each is a folder itself, which a symlink to one is not.
    static func entries(of folder: String) -> [(name: String, isFolder: Bool)] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var entries: [(name: String, isFolder: Bool)] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name == "." || name == ".." { continue }
            // Some file systems leave the type to stat(2).
            let type = Int(entry.pointee.d_type)
            let isFolder =
                type == Int(DT_DIR)
                || type == Int(DT_UNKNOWN) && isRealFolder("\(folder)/\(name)")
            entries.append((name, isFolder))
        }
        return entries.sorted { $0.name < $1.name }
    }

    /// The path without symlinks and dots; as given where nothing is there.
    static func resolved(_ path: FilePath) -> FilePath {
        guard let text = path.withPlatformString({ realpath($0, nil) }) else { return path }
        defer { free(text) }
        return FilePath(platformString: text)
    }

    /// The path from the root, symlinks kept.
    static func absolute(_ path: FilePath) -> FilePath {
        guard path.isRelative, let text = getcwd(nil, 0) else { return path }
        defer { free(text) }
        return FilePath(platformString: text).pushing(path)
    }

    /// Makes a folder and all that it lies in; no error where it is there.
    public static func makeFolders(_ path: FilePath) throws(Errno) {
        if path.isEmpty || isFolder(path) { return }
        try makeFolders(path.removingLastComponent())
        guard path.withPlatformString({ mkdir($0, 0o755) }) == 0 || errno == EEXIST else {
            throw Errno(rawValue: errno)
        }
    }

    /// Removes a file or a folder with all that is in it, never through a symlink.
    ///
    /// What cannot be removed stays, without an error: a leftover costs room, not correctness.
    static func remove(_ path: FilePath) { try? removeFileTree(path) }

    /// Takes a tree away under a hidden name at once, and removes it on a thread of its own.
    @LoopActor
    static func removeAside(_ path: FilePath) async {
        let name = path.lastComponent?.string ?? ""
        let aside = path.removingLastComponent().appending(".\(name)~removed\(getpid())")
        guard rename(path.string, aside.string) == 0 else { return }
        _ = try? await WorkerThread.run { _ in remove(aside) }
    }

    private static func isRealFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func type(of path: FilePath) -> mode_t? {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
        return status.st_mode & S_IFMT
    }
}
