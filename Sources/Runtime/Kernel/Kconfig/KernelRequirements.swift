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
        try check(names.map { ($0, .requires) }, in: config, of: subject)
    }

    private static func check(
        _ needs: [(name: String, origin: KernelConfigRequest.Origin)], in config: KernelConfig,
        of subject: String
    ) throws(KernelConfigUnmet) {
        let plain = needs.map { (name: KernelConfig.plainName($0.name), origin: $0.origin) }
        let missing = plain.filter { !config.has($0.name) }.sorted { $0.name < $1.name }
        if missing.isEmpty { return }
        var unmet = KernelConfigUnmet(
            subject: subject,
            symbols: missing.map { need in
                .init(
                    name: need.name, wanted: .init(value: .yes, origin: need.origin),
                    got: config[need.name], reason: .unknown)
            }, asked: Set(plain.map(\.name)).count)
        unmet.fragments = KernelFragment.curing(missing.map(\.name))
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

    /// Checks what the options of a machine rely on; a kernel that does not tell is let through.
    ///
    /// - Throws: ``KernelConfigUnmet`` with the options' names.
    public static func check(_ configuration: MachineConfiguration) async throws {
        let needs = configuration.kernelNeeds
        guard let image = configuration.kernel, !needs.isEmpty else { return }
        try await WorkerThread.run { _ in
            guard let config = try? KernelConfig.ofImage(image) else { return }
            try check(needs, in: config, of: "kernel `\(image)`")
        }
    }
}

extension MachineConfiguration {
    /// Symbols without which devices that qsh adds for an option are not there in the guest.
    var kernelNeeds: [(name: String, origin: KernelConfigRequest.Origin)] {
        var needs: [(name: String, origin: KernelConfigRequest.Origin)] = []
        if drives.contains(where: { ["virtio", nil].contains($0["if"]) }) {
            needs.append(("VIRTIO_BLK", .feature("drive")))
        }
        if !links.isEmpty { needs.append(("VIRTIO_NET", .feature("network"))) }
        if netdevs.contains(where: { $0["id"] == nil }) {
            needs.append(("VIRTIO_NET", .feature("netdev")))
        }
        if !shares.isEmpty {
            needs += ["9P_FS", "NET_9P_VIRTIO"].map { ($0, .feature("share")) }
        }
        return needs
    }
}

extension KernelConfig {
    /// The configuration of a kernel image: the one inside it, else the file that lies beside it.
    ///
    /// A bzImage without one has to be unpacked to its end to know that: 0.1 to 0.5 s.
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
