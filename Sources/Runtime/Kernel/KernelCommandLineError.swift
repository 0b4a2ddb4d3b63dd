/// Why a kernel command line cannot be handed to a kernel.
public enum KernelCommandLineError: DiagnosticError, Equatable {
    /// A list element without a character.
    case empty
    /// A list element that is no single parameter.
    case unquotable(String)
    /// A NUL or a line break.
    case unprintable
    /// Longer than the kernel keeps, in bytes.
    case tooLong(got: Int, limit: Int, arch: Arch)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .empty:
            Diagnostic(
                .usage, "option `append` expects one parameter in each element, got an empty one")
        case .unquotable(let parameter):
            Diagnostic(
                .usage,
                "option `append` expects one parameter in each element, got `\(parameter)`",
                hint: "split it into elements, or give `append` as one string")
        case .unprintable:
            Diagnostic(.usage, "option `append` expects one line, got a line break or a NUL in it")
        case .tooLong(let got, let limit, let arch):
            Diagnostic(
                .usage,
                "option `append` is too long: got \(got) bytes, but \(arch) kernels keep \(limit)",
                hint: "leave parameters out, or put them into the image's bootconfig")
        }
    }
}
