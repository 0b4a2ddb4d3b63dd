import SystemPackage

/// One guest architecture: a row of the one table from which everything about it derives.
///
/// The rows were tried with Debian's kernels under QEMU's TCG.
public struct Arch: Sendable {
    /// How devices are plugged in, which is the ending of QEMU's `virtio-…` device names.
    public enum VirtioTransport: String, Sendable {
        case pci
        /// Memory-mapped, found in the device tree.
        case mmio = "device"
        /// The channel subsystem of s390.
        case ccw

        /// What recipes call it.
        public var name: String { self == .mmio ? "mmio" : rawValue }
    }

    /// What the kernel's architecture directory and its image are called.
    public struct KernelNames: Sendable {
        /// `ARCH=` on make's command line.
        public let arch: String
        /// Folder below `arch/` that holds the sources.
        public let sourceFolder: String
        /// The default make target of a bootable image.
        public let target: String
        /// Where that target lands, below the build folder.
        public let imagePath: String
    }

    /// QEMU's binary and what it is told by default.
    public struct QEMUDefaults: Sendable {
        /// Program on `PATH`.
        public let binary: String
        /// `-machine`.
        public let machine: String
        /// `-cpu` under TCG: the fastest to boot, not always the fullest.
        public let cpuUnderTCG: String
        /// Oldest major version that boots Debian's kernel.
        public let oldestVersion: Int
        /// Package that carries the binary, by package manager.
        public let packages: [PackageManager: String]
        /// Other rows whose kernels the binary runs.
        public var alsoRuns: [String] = []
        /// The least memory with which it starts, in MiB, where that is more than usual.
        public var memory = 512
        /// What QEMU does not bring along and cannot start without.
        public var firmware: Firmware?
    }

    /// Firmware for `-bios`.
    public struct Firmware: Sendable {
        /// Where distributions put it.
        let places: [FilePath]
        /// Debian's package.
        let package: String
    }

    /// Debian's words for the architecture.
    public struct DebianNames: Sendable {
        /// `dpkg --print-architecture`.
        public let architecture: String
        /// Metapackage of the smallest kernel that boots in QEMU.
        public let kernelPackage: String
        /// From the first suite that has that kernel to the last.
        public let suites: ClosedRange<DebianSuite>
    }

    /// Machine type and byte order in an ELF header.
    public struct ELFIdentity: Sendable, Equatable {
        let machine: UInt16
        let is64Bit: Bool
        let isBigEndian: Bool
    }

    /// The name recipes use.
    public let name: String
    /// Other names for it: `uname -m`, Debian's, the compiler's.
    public let aliases: [String]
    /// The kernel's words for it.
    public let kernel: KernelNames
    /// QEMU's binary and its defaults.
    public let qemu: QEMUDefaults
    /// Debian's words for it.
    public let debian: DebianNames
    /// How its programs are marked.
    public let elf: ELFIdentity
    /// Device of the first serial port in the guest.
    public let consoleDevice: String
    /// Whether the kernel stays silent unless `console=` names the device.
    public let consoleMustBeNamed: Bool
    /// How virtio devices are plugged in.
    public let virtio: VirtioTransport
    /// `CROSS_COMPILE=` of Debian's cross compiler; nil where Debian 12 has none.
    public let crossPrefix: String?
    /// Bytes of command line that the kernel keeps (`COMMAND_LINE_SIZE`).
    public let commandLineLimit: Int

    /// Whether the kernel is a program of the host, which needs no QEMU.
    public var isUserMode: Bool { name == "um" }

    /// Whose programs it runs: its own but for user-mode Linux.
    public var programs: Arch { isUserMode ? .x86_64 : self }

    /// Finds a row by its name or one of its aliases.
    public static func named(_ name: String) -> Arch? {
        (all + [um]).first { $0.name == name || $0.aliases.contains(name) }
    }
}

extension Arch: Equatable, CustomStringConvertible {
    /// The name recipes use.
    public var description: String { name }

    /// Rows are the same where their names are.
    public static func == (left: Arch, right: Arch) -> Bool { left.name == right.name }
}
