import SystemPackage

/// Everything that describes a machine before it runs: a pure value.
public struct MachineConfiguration: Sendable, Equatable {
    /// Number and arrangement of processors, as QEMU's `-smp` has them.
    public struct CPUTopology: Sendable, Equatable {
        /// `-smp`'s keys, in the order in which it documents them.
        public static let keys = [
            "cpus", "maxcpus", "sockets", "dies", "clusters", "cores", "threads",
        ]

        /// Values of those keys that were given.
        public var counts: [String: Int]

        /// A number of processors, arranged as QEMU likes.
        public init(cpus: Int) { counts = ["cpus": cpus] }

        /// Values for some of ``keys``.
        public init(_ counts: [String: Int]) { self.counts = counts }

        var option: QEMUOption {
            if counts.count == 1, let cpus = counts["cpus"] { return QEMUOption(String(cpus)) }
            return QEMUOption(
                nil,
                Self.keys.compactMap { key in
                    counts[key].map { QEMUOption.Property(key, String($0)) }
                })
        }
    }

    /// What the machine is.
    public var arch: Arch
    /// Kernel image; nil to boot from a drive.
    public var kernel: FilePath?
    /// The kernel's ELF file with debug information, for source lines in crash reports; nil for the
    /// one that lies near the image, if any.
    public var vmlinux: FilePath?
    /// Initramfs image, packed or not.
    public var initramfs: FilePath?
    /// Kernel command line as the recipe gave it; ``QEMUArguments`` adds what qsh relies on.
    public var append = KernelCommandLine()
    /// Processors; QEMU's default is one.
    public var smp: CPUTopology?
    /// RAM.
    public var memory: ByteSize
    /// Which accelerator the recipe wants.
    public var accel = Accelerator.Request.auto
    /// `-cpu`; nil for the best choice for the accelerator.
    public var cpu: String?
    /// `-machine`; nil for the architecture's row.
    public var machine: String?
    /// `-drive`s. A leading value is the file's path; without `if` it is a virtio disk.
    public var drives: [QEMUOption] = []
    /// `-netdev`s. One without an `id` gets one, and a virtio network card with it.
    public var netdevs: [QEMUOption] = []
    /// `-device`s.
    public var devices: [QEMUOption] = []
    /// Folders of the host that the guest sees.
    public var shares: [HostShare] = []
    /// Network cards of qsh's own.
    public var links: [NetworkLink] = []
    /// Further arguments, each an element of argv.
    public var args: [String] = []
    /// QEMU's binary, as a path or a name on `PATH`; nil for `QSH_QEMU` or the architecture's.
    public var qemu: FilePath?
    /// Whether the machine has a virtio port for the guest agent.
    public var hasCommandChannel = true
    /// Whether that port is a second serial port instead.
    public var agentIsSerial = false
    /// What is laid over the image ``initramfs``, whose own files stay.
    public var overlay: InitramfsTree?
    /// Whether a reboot ends the machine, as qsh's verdicts need; QEMU's `-no-reboot`.
    public var endsOnReboot = true
    /// Whether it has a screen (and, where the board has none, a keyboard).
    public var hasDisplay = false
    /// Whether it waits for ``Machine/resume(until:)`` before its first instruction.
    public var startsPaused = false
    /// `-bios`; nil for what QEMU brings along.
    public var firmware: FilePath?
    /// How much longer limits are than the recipe says; nil for what suits the accelerator.
    public var timeScale: TimeScale?
    /// A factor on top of what suits the accelerator.
    public var recipeScale = 1.0
    /// Whether the initramfs is linted before the boot, and refused where it could not start.
    public var lintsInitramfs = true
    /// Folder for the transcript's two files; nil for the run folder.
    public var transcript: FilePath?

    /// Makes one that boots `kernel`.
    public init(arch: Arch = .x86_64, kernel: FilePath? = nil, initramfs: FilePath? = nil) {
        self.arch = arch
        memory = ByteSize(bytes: UInt64(arch.qemu.memory) << 20)
        self.kernel = kernel
        self.initramfs = initramfs
    }
}
