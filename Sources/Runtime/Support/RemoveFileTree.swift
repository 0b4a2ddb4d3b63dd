import Glibc
import SystemPackage

/// Removes a file, or a folder with all that is in it, without following symbolic links.
///
/// Goes on past what cannot be removed, so that as little as possible is left.
/// - Throws: the first `Errno`; a path that does not exist is none.
func removeFileTree(_ path: FilePath) throws(Errno) {
    var failure: Errno?
    removeEntry(path.string, in: AT_FDCWD, &failure)
    if let failure { throw failure }
}

private func removeEntry(_ name: String, in folder: Int32, _ failure: inout Errno?) {
    // EISDIR is Linux's answer for a folder, EPERM the one of POSIX.
    if unlinkat(folder, name, 0) == 0 || errno == ENOENT { return }
    guard errno == EISDIR || errno == EPERM else { return note(errno, &failure) }
    let descriptor = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0, let stream = fdopendir(descriptor) else {
        note(errno, &failure)
        if descriptor >= 0 { close(descriptor) }
        return
    }
    for entry in entryNames(stream) { removeEntry(entry, in: descriptor, &failure) }
    closedir(stream)
    if unlinkat(folder, name, AT_REMOVEDIR) != 0 { note(errno, &failure) }
}

private func note(_ number: Int32, _ failure: inout Errno?) {
    if failure == nil { failure = Errno(rawValue: number) }
}

/// The names in an open folder, without `.` and `..`.
func entryNames(_ stream: OpaquePointer) -> [String] {
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
            field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names
}
