import SystemPackage

/// Why a machine could not have its run folder.
public enum RunDirectoryError: DiagnosticError, Equatable {
    /// The folder above is not this user's alone, so others could plant files in it.
    case untrusted(folder: FilePath, got: String)
    /// A system call failed on `path`.
    case failed(path: FilePath, Errno)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .untrusted(let folder, let got):
            Diagnostic(
                .qemuDidNotStart,
                "cannot use `\(folder)` for run folders: "
                    + "expected a folder of this user alone (mode 0700), got \(got)",
                hint: "remove it, or set `XDG_RUNTIME_DIR` to a folder of your own")
        case .failed(let path, let error):
            Diagnostic(.qemuDidNotStart, "cannot make `\(path)`: \(error.lowercased)")
        }
    }
}
