import SystemPackage

extension Arch {
    /// Every row.
    public static let all = [
        x86_64, i386, arm64, armhf, riscv64, ppc64el, s390x, mips64el, mipsel, loong64,
    ]

    // The architecture's own name has the underscore.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    /// 64-bit PCs.
    public static let x86_64 = Arch(
        name: "x86_64", aliases: ["amd64", "x86-64"],
        kernel: KernelNames(
            arch: "x86_64", sourceFolder: "x86", target: "bzImage",
            imagePath: "arch/x86/boot/bzImage"),
        qemu: QEMUDefaults(
            binary: "qemu-system-x86_64", machine: "q35", cpuUnderTCG: "max", oldestVersion: 5,
            packages: qemuX86Packages, alsoRuns: ["i386"]),
        debian: DebianNames(
            architecture: "amd64", kernelPackage: "linux-image-cloud-amd64",
            suites: .bookworm ... .sid),
        elf: ELFIdentity(machine: 62, is64Bit: true, isBigEndian: false),
        consoleDevice: "ttyS0", consoleMustBeNamed: true, virtio: .pci,
        crossPrefix: "x86_64-linux-gnu-", commandLineLimit: 2048)

    /// 32-bit PCs.
    public static let i386 = Arch(
        name: "i386", aliases: ["i486", "i586", "i686", "x86"],
        kernel: KernelNames(
            arch: "i386", sourceFolder: "x86", target: "bzImage",
            imagePath: "arch/x86/boot/bzImage"),
        qemu: QEMUDefaults(
            binary: "qemu-system-i386", machine: "pc", cpuUnderTCG: "max", oldestVersion: 5,
            packages: qemuX86Packages),
        debian: DebianNames(
            architecture: "i386", kernelPackage: "linux-image-686-pae",
            suites: .bookworm ... .bookworm),
        elf: ELFIdentity(machine: 3, is64Bit: false, isBigEndian: false),
        consoleDevice: "ttyS0", consoleMustBeNamed: true, virtio: .pci,
        crossPrefix: "i686-linux-gnu-", commandLineLimit: 2048)

    // `-cpu max` brings pointer authentication, which costs five times the boot under TCG.
    /// 64-bit Arm.
    public static let arm64 = Arch(
        name: "arm64", aliases: ["aarch64"],
        kernel: KernelNames(
            arch: "arm64", sourceFolder: "arm64", target: "Image",
            imagePath: "arch/arm64/boot/Image"),
        qemu: QEMUDefaults(
            binary: "qemu-system-aarch64", machine: "virt", cpuUnderTCG: "cortex-a57",
            oldestVersion: 5, packages: qemuARMPackages(dnf: "qemu-system-aarch64-core"),
            alsoRuns: ["armhf"]),
        debian: DebianNames(
            architecture: "arm64", kernelPackage: "linux-image-cloud-arm64",
            suites: .bookworm ... .sid),
        elf: ELFIdentity(machine: 183, is64Bit: true, isBigEndian: false),
        consoleDevice: "ttyAMA0", consoleMustBeNamed: false, virtio: .pci,
        crossPrefix: "aarch64-linux-gnu-", commandLineLimit: 2048)

    // Without LPAE the kernel cannot reach the PCI window above 4 GiB.
    /// 32-bit Arm with a floating-point unit.
    public static let armhf = Arch(
        name: "armhf", aliases: ["arm", "armv7l", "armv7"],
        kernel: KernelNames(
            arch: "arm", sourceFolder: "arm", target: "zImage", imagePath: "arch/arm/boot/zImage"),
        qemu: QEMUDefaults(
            binary: "qemu-system-arm", machine: "virt", cpuUnderTCG: "cortex-a15",
            oldestVersion: 5, packages: qemuARMPackages(dnf: "qemu-system-arm-core")),
        debian: DebianNames(
            architecture: "armhf", kernelPackage: "linux-image-armmp", suites: .bookworm ... .sid),
        elf: ELFIdentity(machine: 40, is64Bit: false, isBigEndian: false),
        consoleDevice: "ttyAMA0", consoleMustBeNamed: false, virtio: .mmio,
        crossPrefix: "arm-linux-gnueabihf-", commandLineLimit: 1024)

    /// 64-bit RISC-V.
    public static let riscv64 = Arch(
        name: "riscv64", aliases: ["riscv"],
        kernel: KernelNames(
            arch: "riscv", sourceFolder: "riscv", target: "Image",
            imagePath: "arch/riscv/boot/Image"),
        qemu: QEMUDefaults(
            binary: "qemu-system-riscv64", machine: "virt", cpuUnderTCG: "rv64", oldestVersion: 7,
            packages: qemuMiscPackages("riscv")),
        debian: DebianNames(
            architecture: "riscv64", kernelPackage: "linux-image-riscv64",
            suites: .trixie ... .sid),
        elf: ELFIdentity(machine: 243, is64Bit: true, isBigEndian: false),
        consoleDevice: "ttyS0", consoleMustBeNamed: false, virtio: .pci,
        crossPrefix: "riscv64-linux-gnu-", commandLineLimit: 1024)

    // x-vof skips the SLOF firmware: 2.2 s to a prompt instead of 7.5.
    /// 64-bit POWER, little-endian.
    public static let ppc64el = Arch(
        name: "ppc64el", aliases: ["ppc64le", "powerpc64le"],
        kernel: KernelNames(
            arch: "powerpc", sourceFolder: "powerpc", target: "vmlinux", imagePath: "vmlinux"),
        qemu: QEMUDefaults(
            binary: "qemu-system-ppc64", machine: "pseries,x-vof=on", cpuUnderTCG: "power9",
            oldestVersion: 7,
            packages: [
                .apt: "qemu-system-ppc", .dnf: "qemu-system-ppc-core",
                .pacman: "qemu-system-ppc", .zypper: "qemu-ppc",
            ]),
        debian: DebianNames(
            architecture: "ppc64el", kernelPackage: "linux-image-powerpc64le",
            suites: .bookworm ... .sid),
        elf: ELFIdentity(machine: 21, is64Bit: true, isBigEndian: false),
        consoleDevice: "hvc0", consoleMustBeNamed: false, virtio: .pci,
        crossPrefix: "powerpc64le-linux-gnu-", commandLineLimit: 2048)

    /// IBM Z.
    public static let s390x = Arch(
        name: "s390x", aliases: ["s390"],
        kernel: KernelNames(
            arch: "s390", sourceFolder: "s390", target: "bzImage",
            imagePath: "arch/s390/boot/bzImage"),
        qemu: QEMUDefaults(
            binary: "qemu-system-s390x", machine: "s390-ccw-virtio", cpuUnderTCG: "max",
            oldestVersion: 5, packages: qemuMiscPackages("s390x")),
        debian: DebianNames(
            architecture: "s390x", kernelPackage: "linux-image-s390x", suites: .bookworm ... .sid),
        elf: ELFIdentity(machine: 22, is64Bit: true, isBigEndian: true),
        consoleDevice: "ttysclp0", consoleMustBeNamed: false, virtio: .ccw,
        crossPrefix: "s390x-linux-gnu-", commandLineLimit: 4096)

    /// 64-bit MIPS, little-endian.
    public static let mips64el = Arch(
        name: "mips64el", aliases: ["mips64"],
        kernel: KernelNames(
            arch: "mips", sourceFolder: "mips", target: "vmlinux", imagePath: "vmlinux"),
        qemu: QEMUDefaults(
            binary: "qemu-system-mips64el", machine: "malta", cpuUnderTCG: "5KEc",
            oldestVersion: 5, packages: qemuMIPSPackages, alsoRuns: ["mipsel"]),
        debian: DebianNames(
            architecture: "mips64el", kernelPackage: "linux-image-5kc-malta",
            suites: .bookworm ... .bookworm),
        elf: ELFIdentity(machine: 8, is64Bit: true, isBigEndian: false),
        consoleDevice: "ttyS0", consoleMustBeNamed: false, virtio: .pci,
        crossPrefix: "mips64el-linux-gnuabi64-", commandLineLimit: 4096)

    /// 32-bit MIPS, little-endian.
    public static let mipsel = Arch(
        name: "mipsel", aliases: ["mips"],
        kernel: KernelNames(
            arch: "mips", sourceFolder: "mips", target: "vmlinux", imagePath: "vmlinux"),
        qemu: QEMUDefaults(
            binary: "qemu-system-mipsel", machine: "malta", cpuUnderTCG: "24Kf", oldestVersion: 5,
            packages: qemuMIPSPackages),
        debian: DebianNames(
            architecture: "mipsel", kernelPackage: "linux-image-4kc-malta",
            suites: .bookworm ... .bookworm),
        elf: ELFIdentity(machine: 8, is64Bit: false, isBigEndian: false),
        consoleDevice: "ttyS0", consoleMustBeNamed: false, virtio: .pci,
        crossPrefix: "mipsel-linux-gnu-", commandLineLimit: 4096)

    // QEMU cannot unpack the zstd kernel itself: EFI firmware has to.
    /// 64-bit LoongArch.
    public static let loong64 = Arch(
        name: "loong64", aliases: ["loongarch64", "loongarch"],
        kernel: KernelNames(
            arch: "loongarch", sourceFolder: "loongarch", target: "vmlinuz.efi",
            imagePath: "arch/loongarch/boot/vmlinuz.efi"),
        qemu: QEMUDefaults(
            binary: "qemu-system-loongarch64", machine: "virt", cpuUnderTCG: "la464",
            oldestVersion: 9, packages: qemuMiscPackages("loongarch64"), memory: 1024,
            firmware: Firmware(
                places: [
                    "/usr/share/qemu-efi-loongarch64/QEMU_EFI.fd",
                    "/usr/share/edk2/loongarch64/QEMU_EFI.fd",
                ], package: "qemu-efi-loongarch64")),
        debian: DebianNames(
            architecture: "loong64", kernelPackage: "linux-image-loong64", suites: .sid ... .sid),
        elf: ELFIdentity(machine: 258, is64Bit: true, isBigEndian: false),
        consoleDevice: "ttyS0", consoleMustBeNamed: true, virtio: .pci,
        crossPrefix: nil, commandLineLimit: 4096)

    // Debian has it for x86 only. Its processor, programs and libraries are the host's.
    /// User-mode Linux: a kernel that is a program. Not one of ``all``, since no QEMU runs it.
    public static let um = Arch(
        name: "um", aliases: ["uml", "user-mode"],
        kernel: KernelNames(arch: "um", sourceFolder: "um", target: "linux", imagePath: "linux"),
        qemu: QEMUDefaults(
            binary: "linux.uml", machine: "", cpuUnderTCG: "", oldestVersion: 0, packages: [:]),
        debian: DebianNames(
            architecture: "amd64", kernelPackage: "user-mode-linux", suites: .bookworm ... .sid),
        elf: ELFIdentity(machine: 62, is64Bit: true, isBigEndian: false),
        consoleDevice: "tty0", consoleMustBeNamed: false, virtio: .pci, crossPrefix: nil,
        commandLineLimit: 4096)

    private static let qemuX86Packages: [PackageManager: String] = [
        .apt: "qemu-system-x86", .dnf: "qemu-system-x86-core", .pacman: "qemu-system-x86",
        .zypper: "qemu-x86",
    ]

    private static let qemuMIPSPackages: [PackageManager: String] = [
        .apt: "qemu-system-mips", .dnf: "qemu-system-mips-core", .pacman: "qemu-system-mips",
        .zypper: "qemu-extra",
    ]

    private static func qemuARMPackages(dnf: String) -> [PackageManager: String] {
        [
            .apt: "qemu-system-arm", .dnf: dnf,
            .pacman: dnf.contains("aarch64") ? "qemu-system-aarch64" : "qemu-system-arm",
            .zypper: "qemu-arm",
        ]
    }

    private static func qemuMiscPackages(_ suffix: String) -> [PackageManager: String] {
        [
            .apt: "qemu-system-misc", .dnf: "qemu-system-\(suffix)-core",
            .pacman: "qemu-system-\(suffix)", .zypper: "qemu-extra",
        ]
    }
}
