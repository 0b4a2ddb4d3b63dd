import SystemPackage

extension KernelBuild {
    /// Configures the tree for this build, in the folder in which make will work.
    ///
    /// - Throws: ``KernelSourceError``, ``KernelBuildError``, ``KernelToolsError``, and what
    ///   ``KernelConfigure/run(_:until:progress:)`` throws.
    public func configure(
        _ wanted: KernelConfigRequest, until deadline: Deadline
    ) async throws -> KernelConfigResult {
        try await inFolder(KernelTool.configuring(request.toolchain), until: deadline) { step in
            try await step.run(wanted, until: deadline, progress: progress)
        }
    }

    /// Gives the terminal to the kernel's own menu.
    ///
    /// - Parameter base: what it starts from; nil for what the folder has, else `defconfig`.
    /// - Returns: what was changed there, as a fragment, and the configuration.
    /// - Throws: ``TerminalError`` where standard input is no terminal, and what
    ///   ``configure(_:until:)`` throws.
    public func menuconfig(
        _ base: KernelConfigRequest.Base?
    ) async throws -> (changes: KernelConfig, result: KernelConfigResult) {
        let tools = KernelTool.configuring(request.toolchain) + [.curses]
        return try await inFolder(tools, until: lockLimit) { step in
            var before = base == nil ? try? KernelConfig.read(step.path) : nil
            if before == nil {
                before =
                    try await step.run(
                        .init(base: base ?? .target("defconfig")), until: .never,
                        progress: progress
                    ).config
            }
            try await KernelMenu.run(step.menuCommand)
            let after = try KernelConfig.read(step.path)
            let changes = after.changes(since: before ?? KernelConfig())
            return (
                changes,
                KernelConfigResult(
                    config: after, path: step.path, isChanged: !changes.entries.isEmpty, notes: [])
            )
        }
    }

    /// Checks before a build that its configuration has these symbols on.
    ///
    /// - Throws: ``KernelConfigUnmet``, ``KernelConfigError``, and
    ///   ``KernelBuildError/notConfigured(_:)``.
    public func check(_ requires: [String]) throws {
        if requires.isEmpty { return }
        let folder = try KernelBuildFolder.choose(request, source, cache)
        let file = folder.path.appending(".config")
        guard let bytes = try configured ?? folder.config() else {
            throw KernelBuildError.notConfigured(folder.path)
        }
        let config = try KernelConfig(parsing: bytes, name: file.string)
        try KernelRequirements.check(requires, in: config, of: "configuration `\(file)`")
    }

    private func inFolder<Value>(
        _ tools: [KernelTool], until deadline: Deadline,
        _ body: @LoopActor (KernelConfigure) async throws -> Value
    ) async throws -> Value {
        let toolchain = request.toolchain
        guard source.supports(toolchain.arch) else {
            throw KernelSourceError.unsupportedArch(source.folder, toolchain.arch)
        }
        try source.requireClean(for: toolchain.arch)
        let folder = try KernelBuildFolder.choose(request, source, cache)
        try folder.prepare()
        try await KernelTools(toolchain: toolchain, environment: environment)
            .require(tools)
        let variables = KernelMakeEnvironment(environment, defaults: [:]).variables
        return try await cache.withLock(
            folder.lockName, until: deadline,
            waiting: { note("waiting for another qsh in `\(folder.path)`") },
            {
                try await body(
                    KernelConfigure(
                        tree: source.folder, arch: toolchain.arch, out: folder.path,
                        make: toolchain.makeWords, environment: variables))
            })
    }
}

extension KernelConfig {
    /// The symbols that differ from an older configuration; those that are gone are off.
    public func changes(since old: KernelConfig) -> KernelConfig {
        var changes = KernelConfig()
        for entry in entries where !entry.value.isKept(as: old[entry.name]) {
            changes[entry.name] = entry.value
        }
        for entry in old.entries where self[entry.name] == nil && old.has(entry.name) {
            changes[entry.name] = .no
        }
        return changes
    }
}
