import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// What real machines are made of in tests: a kernel, a root, and a folder for both.
@LoopActor
struct Guest {
    /// Why real boots are left out; nil where they can be made.
    nonisolated static var missing: Comment? {
        Command.locate("qemu-system-x86_64") == nil ? "no qemu-system-x86_64 on PATH" : nil
    }

    let folder: TemporaryDirectory
    var configuration: MachineConfiguration

    /// Writes an initramfs and describes a machine for it.
    ///
    /// - Parameters:
    ///   - arch: what it runs on; the host's own kernel counts only for its own.
    ///   - script: an `/init` instead of qsh's own.
    ///   - hasAgent: whether the guest agent runs.
    ///   - modules: which it loads besides those for its port.
    init(
        arch: Arch = .x86_64, initScript script: String? = nil, hasAgent: Bool = false,
        modules extra: [String] = []
    ) async throws {
        folder = try TemporaryDirectory(prefix: "qsh-boot")
        let busybox = try await Busybox.find(arch: arch, progress: { _ in }).program
        let kernel = try await KernelFinder.find(arch: arch, progress: { _ in })
        var tree = InitramfsTree()
        try tree.addDefaultRoot()
        try tree.addBusybox(from: busybox)
        if let script {
            _ = try tree.remove(InitramfsPath("init"))
            try tree.addFile("init", text: script, mode: .program)
        }
        if hasAgent {
            let modules = try #require(kernel.modules)
            let names = InitramfsTree.guestAgentModules(for: arch) + extra
            let files = try KernelModules(folder: modules).resolveLoadable(names)
            let added = try tree.addGuestAgent(for: arch, modules: files)
            try #require(added)
        }
        let image = folder.path.appending("initramfs.img")
        try await tree.write(to: image)
        configuration = MachineConfiguration(
            arch: arch, kernel: kernel.image, initramfs: image)
        configuration.accel = .tcg
        configuration.memory = ByteSize(bytes: 256 << 20)
        // The self-tests of the kernel's ciphers are a tenth of the boot.
        configuration.append = KernelCommandLine("cryptomgr.notests")
        configuration.hasCommandChannel = hasAgent
        if hasAgent { configuration.append.set("rdinit", InitramfsTree.guestAgentPath) }
    }

    /// Starts the machine, its run folder below the test's own.
    func boot(
        root: InitramfsTree? = nil, kvm: () -> KVMFacts = KVMFacts.ofHost,
        log: @LoopActor (String) -> Void = { _ in }
    ) async throws -> Machine {
        try await Machine.boot(
            configuration, root: root,
            environment: ["PATH": getenv("PATH").map { String(cString: $0) } ?? ""], runs: runs,
            kvm: kvm, log: log)
    }

    var runs: RunDirectoryBase { RunDirectoryBase(path: folder.path.appending("runs")) }
}

extension Console {
    /// Waits for the shell of qsh's own root.
    func expectPrompt() async throws {
        _ = try await expect("[rootfs ]#", limits: ExpectLimits(total: .seconds(60)))
    }
}
