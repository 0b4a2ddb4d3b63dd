import ArgumentParser
import LuaBridge
import QshRuntime
import SystemPackage

/// `qsh mkinitramfs -k KERNEL -g OUT [--hooks …]`
struct MkinitramfsCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "mkinitramfs", abstract: "Make an initramfs that brings a real root up.",
        discussion: """
            Hooks have mkinitcpio's names and meaning. Without --hooks: \
            \(GeneratorConfiguration.defaultHooks.joined(separator: " ")). With `autodetect` the \
            image has the drivers of this machine and of those that qsh boots; without it, \
            drivers for any. Nothing is written without -g.
            """)

    @Option(
        name: [.customShort("k"), .long],
        help: "An image, an unpacked package or a build folder (default: as qsh.kernel.find).")
    var kernel: String?

    @Option(name: [.customShort("g"), .long], help: "Write the image here.")
    var generate: String?

    @Option(
        name: [.customShort("H"), .long], parsing: .upToNextOption,
        help: "The hooks, in their order, by commas or spaces.")
    var hooks: [String] = []

    @Option(
        name: [.customShort("A"), .long], parsing: .upToNextOption,
        help: "Hooks behind those.")
    var addhooks: [String] = []

    @Option(
        name: [.customShort("S"), .long], parsing: .upToNextOption,
        help: "Hooks to leave out.")
    var skiphooks: [String] = []

    @Option(
        name: [.customShort("D"), .long],
        help: "A folder of hooks of your own, NAME.lua each.")
    var hookdir: String?

    @Option(
        name: [.customShort("z"), .long],
        help: "How to compress: none, zstd, gzip, xz, lz4, …, or with a level: zstd:19.")
    var compress = "none"

    @Option(parsing: .upToNextOption, help: "Modules to load first.")
    var modules: [String] = []

    @Option(parsing: .upToNextOption, help: "Programs to add with all that they need.")
    var binaries: [String] = []

    @Option(parsing: .upToNextOption, help: "Files to add.")
    var files: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: "Disks, or images of them, that the root lies on: their headers say what it needs.")
    var root: [String] = []

    @Option(
        name: [.customShort("r"), .long],
        help: "lib/modules/RELEASE, where it does not lie near the kernel.")
    var moduleroot: String?

    @Option(help: "A folder of firmware that is looked into first.")
    var firmware: String?

    @Option(help: "A folder of modprobe.d files for the hook `modconf`.")
    var modconf: String?

    @Option(help: "A static busybox.")
    var busybox: String?

    @Flag(name: [.customShort("L"), .long], help: "List the hooks and end.")
    var listhooks = false

    @Flag(help: "Print the report of sizes as JSON.")
    var json = false

    func execute(_ context: CommandContext) async throws -> Int32 {
        var services = QshServices()
        services.note = { context.say($0) }
        services.detail = { context.detail($0) }
        let folder = try hookdir.map { _ in try HookFolder(services) }
        var own: [InitramfsHook] = []
        if let folder, let hookdir { own = try await folder.hooks(in: FilePath(hookdir)) }
        if listhooks {
            list(InitramfsHook.builtin + own)
            await folder?.close()
            return Verdict.ok.exitCode
        }
        let made = try await InitramfsGenerator(
            try await configuration(own, context), progress: { context.say($0) }
        ).generate()
        await folder?.close()
        for remark in made.remarks { context.say("note: \(remark)") }
        if let generate { try await made.write(to: FilePath(generate)) }
        report(made, context)
        return Verdict.ok.exitCode
    }

    @LoopActor
    private func configuration(
        _ own: [InitramfsHook], _ context: CommandContext
    ) async throws -> GeneratorConfiguration {
        var names = Self.words(hooks)
        if names.isEmpty { names = GeneratorConfiguration.defaultHooks }
        names += Self.words(addhooks)
        let skipped = Self.words(skiphooks)
        _ = try InitramfsHook.named(skipped, own: own)
        names.removeAll(where: skipped.contains)
        let chosen = try InitramfsHook.named(names, own: own)
        let compression = try InitramfsCompression(word: compress)
        let found = try await KernelFinder.find(
            asked: kernel.map { FilePath($0) }, progress: { context.say($0) })
        var configuration = GeneratorConfiguration(kernel: found, hooks: chosen)
        configuration.compression = compression
        configuration.moduleRoot = moduleroot.map { FilePath($0) }
        configuration.modules = Self.words(modules)
        configuration.binaries = Self.words(binaries)
        configuration.files = files.map { FilePath($0) }
        configuration.rootDisks = root.map { FilePath($0) }
        configuration.firmware = firmware.map { FilePath($0) }
        configuration.modprobeFolder = modconf.map { FilePath($0) }
        configuration.busybox = busybox.map { FilePath($0) }
        return configuration
    }

    private func report(_ made: GeneratedInitramfs, _ context: CommandContext) {
        if json {
            return StandardOutput.write(made.report.json.bytes + [UInt8(ascii: "\n")])
        }
        if context.isQuiet { return }
        let place = generate.map { "`\($0)`" } ?? "nothing written (no -g)"
        let size = made.report.bytes
        StandardOutput.write(
            "\(place): kernel \(made.kernel.release), \(made.report.entries) entries, "
                + "\(size) bytes before compression\n" + made.report.text)
    }

    private func list(_ hooks: [InitramfsHook]) {
        for hook in hooks {
            let pad = String(repeating: " ", count: max(1, 14 - hook.name.count))
            StandardOutput.write("\(hook.name)\(pad)\(hook.summary)\n")
        }
    }

    private static func words(_ values: [String]) -> [String] {
        values.flatMap { $0.split { ", ".contains($0) }.map(String.init) }
    }
}
