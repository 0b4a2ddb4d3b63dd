import SystemPackage

/// Why the cache could not be used.
public enum CacheError: DiagnosticError, Equatable {
    /// Nothing says where it should be.
    case noHome
    /// It cannot be read or written.
    case unusable(FilePath, Errno)
    /// Another process has been making the entry for longer than one waits.
    case busy(FilePath)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .noHome:
            Diagnostic(
                .usage, "no folder for the cache: neither `XDG_CACHE_HOME` nor `HOME` is set",
                hint: "set XDG_CACHE_HOME to a folder that can be written")
        case .unusable(let folder, .noSpace):
            Diagnostic(
                .usage, "cannot write to the cache `\(folder)`: no space left on the device",
                hint: "free some space, or set XDG_CACHE_HOME to a folder on another disk")
        case .unusable(let folder, let error):
            Diagnostic(
                .usage, "cannot write to the cache `\(folder)`: \(error.lowercased)",
                hint: "set XDG_CACHE_HOME to a folder that can be written")
        case .busy(let entry):
            Diagnostic(
                .timeout, "another qsh is still making `\(entry)`: gave up waiting for it",
                hint: "end the other qsh, or wait until it is done")
        }
    }
}
