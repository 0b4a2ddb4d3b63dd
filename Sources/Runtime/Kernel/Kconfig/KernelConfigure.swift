import Glibc
import SystemPackage

/// Configures a source tree with the kernel's own programs, and checks that everything that was
/// asked for survived.
public struct KernelConfigure: Sendable {
    /// The source tree, absolute; its own folder is never written to.
    public var tree: FilePath
    /// What the kernel is for.
    public var arch: Arch
    /// The build folder, absolute, which is made where it is missing.
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
    /// The build folder's `.config` is what it was before where anything fails.
    /// - Throws: ``KernelConfigError`` for input that cannot be read, ``KernelConfigUnmet``
    ///   naming each symbol that did not survive and why, ``ProcessError``, `CancellationError`.
    @LoopActor
    public func run(
        _ request: KernelConfigRequest, until deadline: Deadline,
        progress: @escaping @LoopActor (ProgressReport?) -> Void = { _ in }
    ) async throws -> KernelConfigResult {
        var contract = try KernelConfigContract(request)
        do { try FileTree.makeFolders(out) } catch {
            throw KernelConfigError.unwritable(out, error)
        }
        let old = KernelConfigFile(path)
        progress(ProgressReport("configuring", detail: request.base.name))
        defer { progress(nil) }
        do {
            let (base, isFinished) = try await base(request.base, until: deadline)
            let isVague = !contract.ambiguous(beside: base).isEmpty
            contract.adoptTypes(of: base, isVague ? try await kconfig() : nil)
            let wanted = contract.applied(to: base)
            if !isFinished || wanted != base { try await finish(wanted, until: deadline) }
            let final = try config(at: path)
            try await check(contract, final, deadline)
            let isChanged = try old.settle()
            return KernelConfigResult(
                config: final, path: path, isChanged: isChanged,
                notes: try await notes(contract, final))
        } catch {
            old.restore()
            throw error
        }
    }

    /// The `.config` in the build folder.
    var path: FilePath { out.appending(".config") }

    // MARK: the base

    /// - Returns: the configuration, and whether `conf` has already completed it.
    @LoopActor
    private func base(
        _ base: KernelConfigRequest.Base, until deadline: Deadline
    ) async throws -> (KernelConfig, Bool) {
        switch base {
        case .target(let name):
            try checkTarget(name)
            unlink(path.string)
            try await run(name, until: deadline)
            return (try config(at: path), true)
        case .file(let file):
            let config = try await WorkerThread.run { _ in try KernelConfig.read(file) }
            return (try ofThisArch(config, file.string), false)
        case .config(let config): return (try ofThisArch(config, "base"), false)
        }
    }

    private func checkTarget(_ name: String) throws(KernelConfigError) {
        let folder = tree.appending("arch").appending(arch.kernel.sourceFolder)
            .appending("configs")
        let own =
            FileTree.names(in: folder)
            + FileTree.names(in: tree.appending("kernel").appending("configs"))
        let general = [
            "defconfig", "tinyconfig", "allnoconfig", "allyesconfig", "allmodconfig",
            "alldefconfig", "localmodconfig", "localyesconfig", "randconfig",
        ]
        if general.contains(name) || own.contains(name) { return }
        // Targets of the architecture's own makefile: `pseries_le_defconfig`.
        if name.hasSuffix("_defconfig"), archMakefile.contains("\(name):") { return }
        throw .noTarget(
            name, arch.kernel.arch,
            nearest(to: name, among: general + own.filter { $0.hasSuffix("config") }))
    }

    private var archMakefile: String {
        let file = tree.appending("arch").appending(arch.kernel.sourceFolder).appending("Makefile")
        return KconfigFile.contents(file.string).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// A `.config` of another architecture would lose most of its settings without a word.
    private func ofThisArch(
        _ config: KernelConfig, _ name: String
    ) throws(KernelConfigError) -> KernelConfig {
        if let foreign = config.foreignArch(to: arch) {
            throw .foreign(name, foreign, arch.name)
        }
        return config
    }

    // MARK: make

    /// Writes a configuration and lets `conf` complete it.
    @LoopActor
    func finish(_ config: KernelConfig, until deadline: Deadline) async throws {
        do { try AtomicFile.write(Array(config.text.utf8), to: path) } catch {
            throw KernelConfigError.unwritable(out, error)
        }
        try await run("olddefconfig", until: deadline)
    }

    /// The menu draws on the terminal, so make is not told to be quiet.
    var menuCommand: Command {
        var menu = command("menuconfig")
        menu.arguments.removeAll { $0 == "-s" }
        if let term = getenv("TERM") { menu.environment["TERM"] = String(cString: term) }
        menu.environment["LC_ALL"] = .some(nil)
        return menu
    }

    func command(_ target: String) -> Command {
        var environment = environment
        for name in ["KCONFIG_CONFIG", "KCONFIG_ALLCONFIG", "CONFIG_", "MAKEFLAGS"] {
            environment.updateValue(nil, forKey: name)
        }
        environment["LC_ALL"] = "C"
        return Command(
            ["make", "-s", "-C", tree.string, "O=\(out)", "--no-print-directory"]
                + archWords + make + [target],
            environment: environment)
    }

    private var archWords: [String] {
        make.contains { $0.hasPrefix("ARCH=") } ? [] : ["ARCH=\(arch.kernel.arch)"]
    }

    @LoopActor
    private func run(_ target: String, until deadline: Deadline) async throws {
        let command = command(target)
        // These ask about what is new; an empty line takes the default.
        let asks = target.hasPrefix("local")
        let result = try await CommandRunner.run(
            command, input: asks ? Array(repeating: UInt8(ascii: "\n"), count: 20_000) : [],
            outputLimit: 1 << 20, until: deadline)
        if result.succeeded { return }
        let said = result.errorText.split(separator: "\n").last { !$0.hasPrefix("make") }
        throw KernelConfigError.make(
            command,
            result.timedOut
                ? "no end in time" : said.map(String.init) ?? "exit status \(result.code ?? 0)")
    }

    private func config(at path: FilePath) throws(KernelConfigError) -> KernelConfig {
        guard let bytes = KconfigFile.contents(path.string) else {
            throw .unreadable(path, .noSuchFileOrDirectory)
        }
        return try KernelConfig(parsing: bytes, name: path.string)
    }
}

extension KernelConfigRequest.Base {
    /// In words, for progress.
    fileprivate var name: String {
        switch self {
        case .target(let name): name
        case .file(let path): path.string
        case .config: "a configuration"
        }
    }
}

/// The `.config` as it was before, which comes back where a run fails.
private struct KernelConfigFile {
    private let path: FilePath
    private let bytes: [UInt8]?
    private let times: [timespec]

    init(_ path: FilePath) {
        self.path = path
        bytes = KconfigFile.contents(path.string)
        var status = stat()
        let isThere = path.withPlatformString { stat($0, &status) } == 0
        times = isThere ? [status.st_atim, status.st_mtim] : []
    }

    /// Whether the file is another now; where it is the same it gets its old time, as make's
    /// `syncconfig` and much after it hang on that.
    func settle() throws -> Bool {
        guard let bytes, KconfigFile.contents(path.string) == bytes else { return true }
        _ = path.withPlatformString { utimensat(AT_FDCWD, $0, times, 0) }
        return false
    }

    func restore() {
        guard let bytes else {
            _ = path.withPlatformString { unlink($0) }
            return
        }
        guard (try? AtomicFile.write(bytes, to: path)) != nil else { return }
        _ = path.withPlatformString { utimensat(AT_FDCWD, $0, times, 0) }
    }
}
