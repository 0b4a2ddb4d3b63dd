import SystemPackage

extension KernelBuild {
    /// Configures the tree for this build, in the folder in which make will work.
    ///
    /// - Throws: ``KernelSourceError``, ``KernelBuildError``, ``KernelToolsError``, and what
    ///   ``KernelConfigure/run(_:until:progress:)`` throws.
    public func configure(
        _ wanted: KernelConfigRequest, until deadline: Deadline
    ) async throws -> (result: KernelConfigResult, bytes: [UInt8]) {
        let toolchain = request.toolchain
        guard source.supports(toolchain.arch) else {
            throw KernelSourceError.unsupportedArch(source.folder, toolchain.arch)
        }
        try source.requireClean(for: toolchain.arch)
        let folder = try KernelBuildFolder.choose(request, source, cache)
        try folder.prepare()
        try await KernelTools(toolchain: toolchain, environment: environment)
            .require(KernelTool.configuring(toolchain))
        let configure = KernelConfigure(
            tree: source.folder, arch: toolchain.arch, out: folder.path, make: toolchain.makeWords,
            environment: KernelMakeEnvironment(environment, defaults: [:]).variables)
        let waiting: @LoopActor () -> Void = {
            note("waiting for another build in `\(folder.path)`")
        }
        return try await cache.withLock(folder.lockName, until: deadline, waiting: waiting) {
            let result = try await configure.run(wanted, until: deadline, progress: progress)
            guard let bytes = try folder.config() else {
                throw KernelBuildError.notConfigured(folder.path)
            }
            return (result, bytes)
        }
    }
}
