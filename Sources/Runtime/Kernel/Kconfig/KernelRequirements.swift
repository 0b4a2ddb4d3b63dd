import SystemPackage

/// Symbols that a recipe, or a feature of qsh, needs of a kernel.
public enum KernelRequirements {
    /// Checks a kernel before it is booted or built.
    ///
    /// - Parameter subject: what the configuration is of, in words: `kernel linux-6.1`.
    /// - Throws: ``KernelConfigUnmet`` naming each symbol that is off, with the fragments of
    ///   qsh's own that would turn it on.
    public static func check(
        _ names: [String], in config: KernelConfig, of subject: String
    ) throws(KernelConfigUnmet) {
        let missing = names.map { KernelConfig.plainName($0) }.filter { !config.has($0) }
        if missing.isEmpty { return }
        var unmet = KernelConfigUnmet(
            subject: subject,
            symbols: missing.sorted().map { name in
                .init(
                    name: name, wanted: .init(value: .yes, origin: .requires), got: config[name],
                    reason: .unknown)
            }, asked: Set(names).count)
        unmet.fragments = KernelFragment.curing(missing)
        throw unmet
    }

    /// The same for a kernel image: its `.config` beside it, else the one inside.
    ///
    /// - Throws: ``KernelConfigError`` where it has neither.
    public static func check(_ names: [String], ofImage image: FilePath) async throws {
        if names.isEmpty { return }
        let config = try await WorkerThread.run { _ in try KernelConfig.ofImage(image) }
        try check(names, in: config, of: "kernel `\(image)`")
    }
}

extension KernelConfig {
    /// The configuration of a kernel image: the one inside it, else the file that lies beside it.
    public static func ofImage(_ image: FilePath) throws -> KernelConfig {
        do throws(KernelConfigError) { return try read(image) } catch {
            guard case .noConfig = error,
                let near = try Kernel(image: image, origin: .asked).config
            else { throw error }
            return try read(near)
        }
    }

    /// The same off the loop's thread; the running kernel's where no path is given.
    public static func ofImage(orRunning path: FilePath?) async throws -> KernelConfig {
        try await WorkerThread.run { _ in
            if let path { return try ofImage(path) }
            return try ofRunningKernel()
        }
    }
}
