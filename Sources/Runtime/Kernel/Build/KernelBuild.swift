import Glibc
import SystemPackage

/// Builds a configured tree, or takes what the cache has of the very same build.
@LoopActor
public struct KernelBuild {
    let source: KernelSource
    let request: KernelBuildRequest
    let cache: Cache
    let environment: HostEnvironment
    let progress: @LoopActor (ProgressReport?) -> Void
    let note: @LoopActor (String) -> Void
    /// A `.config` that `tree:configure` made, which replaces one that came in between.
    let configured: [UInt8]?

    /// Describes a build; nothing runs yet.
    ///
    /// - Parameters:
    ///   - configured: what the build folder's `.config` must hold; nil for whatever it holds,
    ///     completed with `make olddefconfig`.
    ///   - cache: the user's where nil.
    ///   - progress: sees the steps; nil is their end.
    ///   - note: gets a line for what takes time or was unexpected.
    public init(
        _ source: KernelSource, _ request: KernelBuildRequest, configured: [UInt8]? = nil,
        cache: Cache? = nil, environment: HostEnvironment = .current,
        progress: @escaping @LoopActor (ProgressReport?) -> Void = { _ in },
        note: @escaping @LoopActor (String) -> Void = { _ in }
    ) throws(CacheError) {
        self.source = source
        self.request = request
        self.configured = configured
        self.cache = try Cache.chosen(cache, environment)
        self.environment = environment
        self.progress = progress
        self.note = note
    }

    /// Where make works for this build, so that it can be configured there.
    public var out: FilePath {
        get throws { try KernelBuildFolder.choose(request, source, cache).path }
    }

    /// Builds.
    ///
    /// - Throws: ``KernelSourceError``, ``KernelBuildError``, ``KernelToolsError``,
    ///   ``KernelBuildFailure``, ``CacheError``, `CancellationError`.
    public func run() async throws -> BuiltKernel {
        let arch = request.toolchain.arch
        guard source.supports(arch) else {
            throw KernelSourceError.unsupportedArch(source.folder, arch)
        }
        try source.requireClean(for: arch)
        let folder = try KernelBuildFolder.choose(request, source, cache)
        try folder.prepare()
        let plan = try await plan(in: folder)
        if plan.isCacheable, var kernel = BuiltKernel.reused(cache.path(of: plan.name), arch) {
            // The one it was built from may be gone by now.
            kernel.source = source.folder
            CacheLease.take(kernel.folder.lastComponent?.string ?? plan.name, cache)
            return kernel
        }
        // Who uses an entry keeps its files: one that is made in spite of it stands beside it.
        let isInTheWay = !plan.isCacheable && CacheLease.isHeld(plan.name, cache)
        let name = isInTheWay ? "\(plan.name)-\(UInt32.random(in: .min ... .max))" : plan.name
        try await cache.withLock(name, until: lockLimit) {
            // Somebody else may have made it while we waited.
            if plan.isCacheable, BuiltKernel.reused(cache.path(of: plan.name), arch) != nil {
                return
            }
            await FileTree.removeAside(cache.path(of: name))
        }
        var isNew = false
        let path = try await cache.entry(
            name, until: lockLimit, writesThrough: false,
            waiting: { note("waiting for another qsh that builds the same kernel") },
            make: { scratch in
                isNew = true
                return try await cache.withLock(
                    folder.lockName, until: lockLimit,
                    waiting: { note("waiting for another qsh in `\(folder.path)`") },
                    { try await KernelBuildRun(self, plan, folder, scratch).run() })
            })
        guard var kernel = BuiltKernel(path, arch: arch) else {
            throw KernelBuildError.staging(path, .noSuchFileOrDirectory)
        }
        kernel.isCached = !isNew
        kernel.source = source.folder
        if isNew { try await nameAgain(kernel, plan, folder) }
        CacheLease.take(name, cache)
        if isNew { await CacheLimit(cache: cache, environment: environment).enforce(keeping: path) }
        return kernel
    }

    /// make has completed a `.config` that nobody configured: the next build sees the whole one.
    private func nameAgain(
        _ kernel: BuiltKernel, _ plan: KernelBuildPlan, _ folder: KernelBuildFolder
    ) async throws {
        guard configured == nil, plan.isCacheable, !kernel.isStale,
            try folder.config() != plan.configBytes
        else { return }
        let next = try await self.plan(in: folder)
        if next.name != plan.name { symlink(plan.name, cache.path(of: next.name).string) }
    }

    /// Another build may take hours; whoever makes it drops the lock however it ends.
    var lockLimit: Deadline { .after(.seconds(24 * 3600)) }

    private func plan(in folder: KernelBuildFolder) async throws -> KernelBuildPlan {
        let arch = request.toolchain.arch
        guard let bytes = try configured ?? folder.config() else {
            throw KernelBuildError.notConfigured(folder.path)
        }
        let file = folder.path.appending(".config")
        let config = try KernelConfig(parsing: bytes, name: file.string)
        // An x86 tree calls itself so for both of its architectures.
        if let found = config.sourceArch, found != arch.kernel.arch,
            found != arch.kernel.sourceFolder
        {
            throw KernelBuildError.foreignConfig(folder.path, found, arch)
        }
        let identity = try await KernelIdentity.read(
            source, for: arch, besides: folder.path, cache: cache)
        let makeEnvironment = KernelMakeEnvironment(
            environment,
            defaults: [
                "KBUILD_BUILD_TIMESTAMP": KernelBuildDate.text(environment, identity.git),
                "KBUILD_BUILD_USER": "qsh", "KBUILD_BUILD_HOST": "qsh",
                "KBUILD_BUILD_VERSION": "1",
            ])
        let tools = KernelTools(toolchain: request.toolchain, environment: environment)
        let (tree, out) = (source.folder, folder.path)
        let files = try await WorkerThread.run {
            try KernelConfigFiles.digests(config, source: tree, out: out, $0)
        }
        let key = KernelBuildKey(
            identity: identity, config: bytes, request: request, environment: makeEnvironment,
            tools: tools, files: files ?? [], folders: [tree, out])
        return KernelBuildPlan(
            config: config, configBytes: bytes, identity: identity, key: key,
            environment: makeEnvironment, tools: tools,
            isCacheable: request.usesCache && files != nil)
    }
}

/// Everything that is known before make starts.
struct KernelBuildPlan: Sendable {
    let config: KernelConfig
    let configBytes: [UInt8]
    let identity: KernelIdentity
    let key: KernelBuildKey
    let environment: KernelMakeEnvironment
    let tools: KernelTools
    let isCacheable: Bool

    var name: String { key.entryName }
    var configDigest: Digest { Digest.of(String(decoding: configBytes, as: UTF8.self)) }
}

extension BuiltKernel {
    /// An entry that is whole; it counts as used now.
    static func reused(_ path: FilePath, _ arch: Arch) -> BuiltKernel? {
        guard FileTree.isFolder(path), var kernel = BuiltKernel(path, arch: arch), !kernel.isStale
        else { return nil }
        utimes(path.string, nil)
        kernel.isCached = true
        return kernel
    }
}
