import SystemPackage

/// Why there is no kernel where one was asked for.
public enum KernelFinderError: DiagnosticError, Equatable {
    /// The file is no kernel that can be booted.
    case image(KernelImageError)
    /// A folder that holds none; one with sources may only lack the build.
    case nothingIn(FilePath, isSource: Bool)
    /// One of the above, about the path in `QSH_KERNEL`.
    case environment(Diagnostic)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .image(let error): error.diagnostic
        case .nothingIn(let folder, let isSource):
            Diagnostic(
                .usage,
                "kernel `\(folder)`: the folder holds no kernel: expected \(KernelFolder.expected)",
                hint: isSource
                    ? "it is a source tree: build it first" : "give the path of the image itself")
        case .environment(var diagnostic):
            {
                diagnostic.notes.append("the path comes from the environment variable QSH_KERNEL")
                return diagnostic
            }()
        }
    }
}
