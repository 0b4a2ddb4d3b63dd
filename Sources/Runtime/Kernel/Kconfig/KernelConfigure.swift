import SystemPackage

/// Configures a source tree with the kernel's own programs, and checks that everything that was
/// asked for survived.
public struct KernelConfigure: Sendable {
    /// The source tree, absolute; its own folder is never written to.
    public var tree: FilePath
    /// What the kernel is for.
    public var arch: Arch
    /// The build folder, which is made where it is missing.
    public var out: FilePath
    /// Words for make's command line: `CROSS_COMPILE=…`, `LLVM=1`, `CC=ccache gcc`.
    public var make: [String]
    /// Variables of make's environment, as in ``Command``.
    public var environment: [String: String?]

    /// Makes one; nothing runs yet.
    public init(
        tree: FilePath, arch: Arch, out: FilePath, make: [String] = [],
        environment: [String: String?] = [:]
    ) {
        self.tree = tree
        self.arch = arch
        self.out = out
        self.make = make
        self.environment = environment
    }

    /// Runs `make <base>`, merges what is asked for, runs `make olddefconfig`, and compares.
    ///
    /// The build folder's `.config` is replaced only when the contract holds.
    /// - Throws: ``KernelConfigError`` for input that cannot be read, ``KernelConfigUnmet``
    ///   naming each symbol that did not survive and why, ``ProcessError``, `CancellationError`.
    @LoopActor
    public func run(
        _ request: KernelConfigRequest, until deadline: Deadline,
        progress: @escaping @LoopActor (ProgressReport?) -> Void = { _ in }
    ) async throws -> KernelConfigResult {
        throw KernelConfigError.notShown
    }
}
