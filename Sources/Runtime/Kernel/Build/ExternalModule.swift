import Glibc
import SystemPackage

/// Modules that are not part of a kernel's source, built for it.
public struct ExternalModule: Sendable, Equatable {
    /// The `.ko` files.
    public let files: [FilePath]
    /// What compilers warned of.
    public let warnings: [BuildRemark]
    /// All that make printed.
    public let log: FilePath
}

/// Builds modules of a folder of the caller's, which stays as it is: make works in a folder of
/// links to it.
@LoopActor
public struct ExternalModuleBuild {
    let kernel: BuiltKernel
    let toolchain: KernelToolchain
    let cache: Cache
    let environment: HostEnvironment
    let progress: @LoopActor (ProgressReport?) -> Void

    /// Describes a build.
    ///
    /// - Parameter toolchain: the kernel's own.
    public init(
        for kernel: BuiltKernel, toolchain: KernelToolchain, cache: Cache? = nil,
        environment: HostEnvironment = .current,
        progress: @escaping @LoopActor (ProgressReport?) -> Void = { _ in }
    ) throws(CacheError) {
        self.kernel = kernel
        self.toolchain = toolchain
        self.cache = try Cache.chosen(cache, environment)
        self.environment = environment
        self.progress = progress
    }

    /// Builds what the folder's Kbuild or Makefile names.
    ///
    /// - Throws: ``ExternalModuleError``, ``KernelToolsError``, ``KernelBuildFailure``.
    public func run(_ folder: FilePath, jobs: Int? = nil) async throws -> ExternalModule {
        let real = FileTree.resolved(FileTree.absolute(folder))
        guard FileTree.isFolder(real) else { throw ExternalModuleError.noFolder(folder) }
        guard ["Kbuild", "Makefile"].contains(where: { FileTree.isFile(real.appending($0)) }) else {
            throw ExternalModuleError.noMakefile(folder)
        }
        if let character = KernelSourceError.unbuildable(in: real) {
            throw ExternalModuleError.unbuildable(folder, character)
        }
        guard let headers = kernel.headers else {
            throw ExternalModuleError.noModules(kernel.release)
        }
        let tools = KernelTools(toolchain: toolchain, environment: environment)
        try await tools.require(KernelTool.compiling(toolchain))
        let name = "module-\(Digest.of("\(real) \(kernel.folder)").short)"
        return try await cache.withLock(name, until: .after(.seconds(3600))) {
            let work = cache.path(of: name)
            try await WorkerThread.run { _ in try ModuleLinks(real, work).update() }
            return try await build(real, work, headers, jobs)
        }
    }

    private func build(
        _ folder: FilePath, _ work: FilePath, _ headers: FilePath, _ jobs: Int?
    ) async throws -> ExternalModule {
        let log = try KernelBuildLog(work.appending("qsh-build.log"), source: work)
        let reports = KernelBuildProgress(total: nil, report: progress)
        log.onStep = { reports.step($0, $1) }
        defer { progress(nil) }
        var toolchain = toolchain
        // A file that is included as "../x.h" lies beside the folder, not beside the links.
        let own = toolchain.variables["KCFLAGS"].map { $0 + " " } ?? ""
        toolchain.variables["KCFLAGS"] = own + "-I\(folder)"
        let variables = KernelMakeEnvironment(environment, defaults: [:]).variables
        let make = KernelMake(
            source: kernel.source, out: headers, words: toolchain.makeWords + ["M=\(work)"],
            environment: variables)
        let jobs = jobs ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let exit = try await make.run(["modules"], jobs: jobs, log: log)
        guard exit == .exited(0) else {
            throw KernelBuildFailure(
                log, targets: ["M=\(folder)"], exit: exit,
                reproduce: make.reproducing(["modules"], jobs: jobs))
        }
        let files = ModuleLinks.modules(in: work)
        if files.isEmpty { throw ExternalModuleError.nothingBuilt(folder, log: log.path) }
        return ExternalModule(files: files, warnings: log.warnings, log: log.path)
    }
}

/// A folder of symbolic links to another one's files, its folders made anew.
private struct ModuleLinks {
    let from: FilePath
    let to: FilePath

    init(_ from: FilePath, _ to: FilePath) {
        self.from = from
        self.to = to
    }

    func update() throws(ExternalModuleError) {
        do { try FileTree.makeFolders(to) } catch { throw .unusable(to, error) }
        try link(from.string, to.string)
    }

    private func link(_ from: String, _ to: String) throws(ExternalModuleError) {
        mkdir(to, 0o755)
        dropDead(to)
        for entry in FileTree.entries(of: from) where !Self.isProduct(entry.name) {
            let (source, target) = ("\(from)/\(entry.name)", "\(to)/\(entry.name)")
            if entry.isFolder {
                if entry.name != ".git" { try link(source, target) }
            } else if symlink(source, target) != 0, errno != EEXIST {
                throw .unusable(FilePath(target), Errno(rawValue: errno))
            }
        }
    }

    /// Links to files that are gone.
    private func dropDead(_ folder: String) {
        for entry in FileTree.entries(of: folder) where !entry.isFolder {
            let path = "\(folder)/\(entry.name)"
            var status = stat()
            if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK,
                access(path, F_OK) != 0
            {
                unlink(path)
            }
        }
    }

    /// What a build in the caller's own folder has left there.
    private static func isProduct(_ name: String) -> Bool {
        [".o", ".ko", ".mod", ".mod.c", ".cmd"].contains(where: name.hasSuffix)
            || ["Module.symvers", "modules.order"].contains(name)
    }

    static func modules(in folder: FilePath) -> [FilePath] {
        FileTree.entries(of: folder.string).flatMap { entry -> [FilePath] in
            let path = folder.appending(entry.name)
            if entry.isFolder { return modules(in: path) }
            return entry.name.hasSuffix(".ko") ? [path] : []
        }
    }
}

/// Why a folder cannot be built as modules of a kernel.
public enum ExternalModuleError: DiagnosticError, Equatable {
    case noFolder(FilePath)
    case noMakefile(FilePath)
    case unbuildable(FilePath, String)
    case noModules(String)
    case nothingBuilt(FilePath, log: FilePath)
    case unusable(FilePath, Errno)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .noFolder(let path): Diagnostic(.usage, "module `\(path)`: no such folder")
        case .noMakefile(let path):
            Diagnostic(
                .usage, "module `\(path)`: there is no `Kbuild` and no `Makefile`",
                hint: "a Kbuild of one line will do: obj-m := NAME.o")
        case .unbuildable(let path, let character):
            Diagnostic(
                .usage,
                "module `\(path)`: the path has \(character) in it, which the kernel's build"
                    + " refuses")
        case .noModules(let release):
            Diagnostic(
                .usage, "kernel `\(release)` takes no modules",
                hint: "configure it with MODULES = true")
        case .nothingBuilt(let path, let log):
            Diagnostic(
                .buildFailed, "module `\(path)`: make ended well, but there is no .ko file",
                notes: ["the whole log is in `\(log)`"],
                hint: "does its Kbuild have a line obj-m := NAME.o?")
        case .unusable(let path, let error):
            Diagnostic(.usage, "cannot write `\(path)`: \(error.lowercased)")
        }
    }
}
