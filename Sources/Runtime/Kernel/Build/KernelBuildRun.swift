import Glibc
import SystemPackage

/// One build that make does, from the check for tools to the folder for the cache.
@LoopActor
struct KernelBuildRun {
    private let build: KernelBuild
    private let plan: KernelBuildPlan
    private let folder: KernelBuildFolder
    private let scratch: FilePath

    init(
        _ build: KernelBuild, _ plan: KernelBuildPlan, _ folder: KernelBuildFolder,
        _ scratch: FilePath
    ) {
        self.build = build
        self.plan = plan
        self.folder = folder
        self.scratch = scratch
    }

    private var request: KernelBuildRequest { build.request }
    private var out: FilePath { folder.path }
    private var jobs: Int { request.jobs ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
    private var targets: [String] { request.makeTargets(plan.config) }

    /// Returns the folder with the artefacts, below `scratch`.
    func run() async throws -> FilePath {
        try await plan.tools.require(KernelTool.building(request.toolchain, plan.config))
        try restoreConfig()
        try await repair()
        let total = try await total()
        let log = try KernelBuildLog(out.appending("qsh-build.log"), source: build.source.folder)
        KernelBuildState.cutOff.write(out)
        defer { build.progress(nil) }
        let reports = KernelBuildProgress(total: total.steps, report: build.progress)
        log.onStep = { verb, target in reports.step(verb, target) }
        // Without it make would ask about symbols that the file does not mention.
        let first = build.configured == nil ? ["olddefconfig"] : []
        let exit = try await make.run(first + targets, jobs: jobs, log: log)
        guard exit == .exited(0) else {
            KernelBuildState.stopped.write(out)
            throw await failure(log, exit)
        }
        if total.isFresh { counts.remember(log.steps, for: plan.configDigest) }
        KernelBuildState.complete(nil).write(out)
        return try await stage(log)
    }

    private var counts: KernelStepCounts { KernelStepCounts(cache: build.cache) }

    private var make: KernelMake {
        KernelMake(
            source: build.source.folder, out: out,
            words: KernelMake.words(request.toolchain, plan, source: build.source.folder, out: out),
            environment: plan.environment.variables)
    }

    /// Another configuration may have come into the folder since this one was made.
    private func restoreConfig() throws {
        if try folder.config() == plan.configBytes { return }
        do { try AtomicFile.write(plan.configBytes, to: out.appending(".config")) } catch {
            throw KernelBuildError.out(out, .unusable(error))
        }
    }

    private func repair() async throws {
        guard KernelBuildState.read(out) == .cutOff else { return }
        let out = out
        let removed = try await WorkerThread.run {
            try KernelBuildState.removeHalfMade(in: out, $0)
        }
        if removed > 0 {
            build.note(
                "the last build here was cut off: \(removed) unfinished files are made again")
        }
    }

    /// What is still to do: all of it in a fresh folder, the rest after a build that was stopped,
    /// unknown after one that was complete.
    private func total() async throws -> (steps: Int?, isFresh: Bool) {
        // The estimate is of an image.
        if request.imageTarget == nil { return (nil, false) }
        let state = KernelBuildState.read(out)
        let (out, source) = (out, build.source.folder)
        let (config, arch, known) = (plan.config, request.toolchain.arch, plan.configDigest)
        let remembered = counts.steps(known)
        return try await WorkerThread.run { _ in
            let done = KernelBuildState.commandFiles(in: out)
            if case .complete = state, done > 0 { return (nil, false) }
            let all = remembered ?? KernelBuildEstimate.steps(source, config, arch)
            let left = all - done
            return (left > 0 && all > 0 ? left : nil, done == 0)
        }
    }

    private func failure(_ log: KernelBuildLog, _ exit: ProcessExit) async -> KernelBuildFailure {
        let line = make.reproducing(targets, jobs: jobs)
        var failure = KernelBuildFailure(log, targets: targets, exit: exit, reproduce: line)
        if let target = log.failedTarget, target.hasSuffix(".o") {
            failure.command = await command(for: target)
        }
        return failure
    }

    /// Lets make print the command that it does not print by itself: the target fails once more.
    private func command(for target: String) async -> String? {
        let command = make.command(["V=1", target], jobs: 1)
        let result = try? await CommandRunner.run(command, until: .after(.seconds(30)))
        let lines = result?.outputText.split(separator: "\n") ?? []
        return lines.last { $0.contains(" -o \(target) ") || $0.hasSuffix(" -o \(target)") }
            .map { String($0.drop { $0 == " " }) }
    }
}

extension KernelBuildRun {
    /// Puts everything that was made into a folder of its own.
    private func stage(_ log: KernelBuildLog) async throws -> FilePath {
        build.progress(ProgressReport("collecting"))
        log.onStep = { _, _ in }
        let entry = scratch.appending("kernel")
        do { try FileTree.makeFolders(entry) } catch {
            throw KernelBuildError.staging(entry, error)
        }
        let release = try release()
        if request.buildsModules(plan.config), plan.config.has("MODULES") {
            try await install("modules_install", "INSTALL_MOD_PATH=\(entry)", log)
            try await index(entry, release)
        }
        if request.targets.contains("dtbs") {
            try await install("dtbs_install", "INSTALL_DTBS_PATH=\(entry.appending("dtbs"))", log)
        }
        if let image = request.imagePath {
            let path = out.appending(FilePath(image).components)
            guard FileTree.isFile(path) else {
                throw KernelBuildError.noResult(
                    path, target: request.imageTarget ?? "", log: log.path)
            }
        }
        try await copy(to: entry)
        let isCurrent = try await plan.identity.isCurrent(build.source, besides: out)
        if !isCurrent {
            build.note("the source changed while it was built: nothing is kept for reuse")
        }
        let (unread, out) = (plan.identity.unread, out)
        let stray = try await WorkerThread.run { _ in unread.read(in: out) }
        if let stray {
            build.note(
                "the build read `\(stray)`, which is not looked at: nothing is kept for reuse")
        }
        try KernelBuildFacts(
            request: request, plan: plan, source: build.source.folder, release: release,
            warnings: log.warnings, isStale: !isCurrent || stray != nil
        ).write(to: entry)
        return entry
    }

    private func release() throws -> String {
        let file = out.appending("include").appending("config").appending("kernel.release")
        let bytes = (try? readSmallFile(file, limit: 256)) ?? []
        let text = String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self)
        return text.isEmpty ? build.source.version.text : text
    }

    private func install(_ target: String, _ word: String, _ log: KernelBuildLog) async throws {
        let exit = try await make.run([target, word], jobs: jobs, log: log)
        guard exit == .exited(0) else {
            throw KernelBuildFailure(
                log, targets: [target], exit: exit,
                reproduce: make.reproducing([target, word], jobs: jobs))
        }
    }

    /// The makefiles only warn where depmod is missing or fails.
    private func index(_ entry: FilePath, _ release: String) async throws {
        let modules = entry.appending("lib").appending("modules").appending(release)
        for name in ["build", "source"] { unlink(modules.appending(name).string) }
        symlink("../../../headers", modules.appending("build").string)
        if FileTree.isFile(modules.appending("modules.dep")) { return }
        _ = try await CommandRunner.run(
            Command(["depmod", "-b", entry.string, release]), until: .after(.seconds(300)))
    }

    private func copy(to entry: FilePath) async throws {
        let staging = KernelStaging(out: out, entry: entry)
        let (image, arch, source) = (request.imagePath, request.toolchain.arch, build.source.folder)
        let hasModules = plan.config.has("MODULES")
        let hasCommands = request.compileCommands
        try await WorkerThread.run { _ in
            for name in [".config", "System.map", "vmlinux", "include/config/kernel.release"] {
                try staging.copyIfThere(name)
            }
            if let image { try staging.copyIfThere(image) }
            if hasCommands { try staging.copyIfThere("compile_commands.json") }
            if hasModules { try staging.copyHeaders(arch, source: source) }
            try staging.copyIfThere("qsh-build.log", as: "build.log")
        }
    }
}

extension KernelMake {
    /// make's words for a build: the toolchain's, and where debugging information is wanted, what
    /// keeps the folders' names out of it.
    static func words(
        _ toolchain: KernelToolchain, _ plan: KernelBuildPlan, source: FilePath, out: FilePath
    ) -> [String] {
        var toolchain = toolchain
        if plan.config.has("DEBUG_INFO") {
            // The last one that matches counts; a build folder may lie in the source.
            let maps = "-fdebug-prefix-map=\(source)=. -fdebug-prefix-map=\(out)=."
            for name in ["KCFLAGS", "KAFLAGS"] {
                let own = toolchain.variables[name] ?? plan.environment.relevant[name]
                toolchain.variables[name] = own.map { "\($0) \(maps)" } ?? maps
            }
        }
        return toolchain.makeWords
    }
}
