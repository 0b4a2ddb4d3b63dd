import Glibc
import QshRuntime

/// File names for the part of a path that has been typed.
enum PathCompletion {
    /// `~/x` as the shell has it.
    static func expanded(_ path: String) -> String {
        guard path == "~" || path.hasPrefix("~/"), let home = getenv("HOME") else { return path }
        return String(cString: home) + path.dropFirst()
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The names that go on from `path`; folders end in a slash. Hidden files only where asked for.
    static func names(after path: String) -> (begun: String, names: [String]) {
        let end = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let begun = String(path[end...])
        let folder = path[..<end].isEmpty ? "." : expanded(String(path[..<end]))
        guard let stream = opendir(folder) else { return (begun, []) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != "..", name.hasPrefix(begun),
                !name.hasPrefix(".") || begun.hasPrefix(".")
            else { continue }
            var status = stat()
            let isFolder =
                stat(folder + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            names.append(isFolder ? name + "/" : name)
        }
        return (begun, names.sorted())
    }
}
