import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// What real machines are made of in tests: a kernel, a root, and a folder for both.
@LoopActor
struct Guest {
    /// The kernel to boot: `QSH_KERNEL`.
    static let kernel: FilePath? = getenv("QSH_KERNEL").map { FilePath(String(cString: $0)) }

    /// Why real boots are left out; nil where they can be made.
    nonisolated static var missing: Comment? {
        if getenv("QSH_KERNEL") == nil { return "QSH_KERNEL names no kernel" }
        if Command.locate("qemu-system-x86_64") == nil { return "no qemu-system-x86_64 on PATH" }
        if Command.locate("busybox") == nil { return "no static busybox on PATH" }
        return nil
    }

    let folder: TemporaryDirectory
    var configuration: MachineConfiguration

    /// Writes an initramfs and describes a machine for it.
    ///
    /// - Parameters:
    ///   - script: an `/init` instead of qsh's own.
    ///   - hasAgent: whether the guest agent runs.
    init(initScript script: String? = nil, hasAgent: Bool = false) async throws {
        folder = try TemporaryDirectory(prefix: "qsh-boot")
        let busybox = try #require(Command.locate("busybox"))
        var tree = InitramfsTree()
        try tree.addDefaultRoot()
        try tree.addBusybox(from: busybox)
        if let script {
            _ = try tree.remove(InitramfsPath("init"))
            try tree.addFile("init", text: script, mode: .program)
        }
        if hasAgent {
            let added = try tree.addGuestAgent(for: .x86_64, modules: try Self.portModules())
            try #require(added)
        }
        let image = folder.path.appending("initramfs.img")
        try await tree.write(to: image)
        configuration = MachineConfiguration(kernel: Self.kernel, initramfs: image)
        configuration.accel = .tcg
        configuration.memory = ByteSize(bytes: 256 << 20)
        // The self-tests of the kernel's ciphers are a tenth of the boot.
        configuration.append = KernelCommandLine("console=ttyS0 cryptomgr.notests")
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

    /// The modules that a virtio port needs, next to a kernel that lies in `ROOT/boot`.
    private static func portModules() throws -> [FilePath] {
        let kernel = try #require(kernel)
        let release = try #require(try KernelImage.identify(kernel).release)
        let drivers = kernel.removingLastComponent().removingLastComponent()
            .appending(["lib", "modules", FilePath.Component(release) ?? "x", "kernel", "drivers"])
        return [
            "virtio/virtio_ring.ko", "virtio/virtio.ko", "virtio/virtio_pci_legacy_dev.ko",
            "virtio/virtio_pci_modern_dev.ko", "virtio/virtio_pci.ko", "char/virtio_console.ko",
        ].map { drivers.pushing(FilePath($0)) }
            .filter { path in path.withPlatformString { access($0, R_OK) == 0 } }
    }
}

extension Console {
    /// Waits for the shell of qsh's own root.
    func expectPrompt() async throws {
        _ = try await expect("[rootfs ]#", limits: ExpectLimits(total: .seconds(60)))
    }
}
