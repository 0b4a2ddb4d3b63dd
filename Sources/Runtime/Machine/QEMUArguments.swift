import SystemPackage

/// Turns a configuration into QEMU's arguments: the only place that spells them.
///
/// Pure, so that a table can test it. One element of the result is one element of argv: nothing is
/// ever split on spaces.
public struct QEMUArguments: Sendable, Equatable {
    /// How the machine's console and control sockets are connected.
    public enum Wiring: Sendable, Equatable {
        /// Console on the terminal, nothing else: for a person to paste.
        case terminal
        /// Sockets that QEMU inherits, by descriptor number; `agent` is nil without the port.
        case descriptors(
            serial: Int32, qmp: Int32, agent: Int32?, memory: MemoryFile? = nil,
            isRestored: Bool = false)
    }

    /// A file that is the guest's RAM.
    public struct MemoryFile: Sendable, Equatable {
        /// Where QEMU finds it.
        public let path: String
        /// Whether what the guest writes goes into the file; else pages are copied when written.
        public let isShared: Bool

        /// Makes one.
        public init(path: String, isShared: Bool) {
            self.path = path
            self.isShared = isShared
        }
    }

    /// Name of the agent's virtio port, seen in the guest as `/dev/virtio-ports/NAME`.
    public static let agentPortName = "org.qsh.agent"

    /// Id of the serial port's character device, for QMP.
    static let serialName = "qsh-serial"
    private static let memoryName = "qsh-memory"

    /// argv without the program's own name.
    public private(set) var arguments: [String] = []

    /// Makes the arguments for one run.
    ///
    /// Raw `args` are taken as they are: check them with ``refuse(_:)`` first.
    public init(
        _ configuration: MachineConfiguration, on accelerator: Accelerator, _ wiring: Wiring
    ) {
        addProcessor(configuration, accelerator, wiring.memory)
        if let firmware = configuration.firmware { arguments += ["-bios", firmware.string] }
        addKernel(configuration)
        addConsole(wiring, agentIsSerial: configuration.agentIsSerial)
        arguments += ["-display", "none", "-nodefaults"]
        if configuration.endsOnReboot { arguments += ["-no-reboot"] }
        if configuration.startsPaused { arguments += ["-S"] }
        addControl(wiring, configuration)
        addDrives(configuration.drives, configuration.virtio, wiring)
        addNetwork(configuration.netdevs, configuration)
        addLinks(configuration, wiring)
        addShares(configuration)
        if configuration.hasDisplay { addDisplay(configuration) }
        for device in configuration.devices { arguments += ["-device", device.text] }
        arguments += configuration.args
    }

    private mutating func addProcessor(
        _ configuration: MachineConfiguration, _ accelerator: Accelerator, _ memory: MemoryFile?
    ) {
        let arch = configuration.arch
        arguments += accelerator == .kvm ? ["-enable-kvm"] : ["-accel", "tcg"]
        var machine = configuration.machine ?? arch.qemu.machine
        if let memory {
            machine += ",memory-backend=\(Self.memoryName)"
            let backend = QEMUOption(
                "memory-backend-file",
                [
                    .init("id", Self.memoryName),
                    .init("size", String(configuration.memory.bytes)),
                    .init("mem-path", memory.path), .init("share", memory.isShared ? "on" : "off"),
                ])
            arguments += ["-object", backend.text]
        }
        arguments += ["-machine", machine]
        arguments += [
            "-cpu", configuration.cpu ?? (accelerator == .kvm ? "host" : arch.qemu.cpuUnderTCG),
        ]
    }

    private mutating func addKernel(_ configuration: MachineConfiguration) {
        if let kernel = configuration.kernel { arguments += ["-kernel", kernel.string] }
        if let smp = configuration.smp { arguments += ["-smp", smp.option.text] }
        arguments += ["-m", configuration.memory.qemuMemory]
        // QEMU refuses `-append` and `-initrd` without `-kernel`.
        guard configuration.kernel != nil else { return }
        arguments += ["-append", configuration.append.withDefaults(for: configuration.arch).text]
        if let initramfs = configuration.initramfs { arguments += ["-initrd", initramfs.string] }
    }

    private mutating func addConsole(_ wiring: Wiring, agentIsSerial isSerial: Bool) {
        switch wiring {
        case .terminal:
            arguments += ["-serial", "stdio"]
        case .descriptors(let serial, _, _, _, _):
            addSocket(Self.serialName, serial)
            arguments += ["-serial", "chardev:\(Self.serialName)"]
            if isSerial { arguments += ["-serial", "chardev:qsh-agent"] }
        }
    }

    private mutating func addControl(_ wiring: Wiring, _ configuration: MachineConfiguration) {
        guard case .descriptors(_, let qmp, let agent, _, let isRestored) = wiring else { return }
        if isRestored { arguments += ["-incoming", "defer"] }
        addSocket("qsh-qmp", qmp)
        arguments += ["-mon", "chardev=qsh-qmp,mode=control"]
        guard let agent else { return }
        addSocket("qsh-agent", agent)
        if configuration.agentIsSerial { return }
        addDevice("virtio-serial-\(configuration.virtio.rawValue)", [.init("id", "qsh-ports")])
        addDevice(
            "virtserialport",
            [
                // Without an `id` QEMU sends no VSERPORT_CHANGE.
                .init("id", "qsh-port"), .init("bus", "qsh-ports.0"),
                .init("chardev", "qsh-agent"),
                .init("name", Self.agentPortName),
            ])
    }

    private mutating func addDrives(
        _ drives: [QEMUOption], _ transport: Arch.VirtioTransport, _ wiring: Wiring
    ) {
        for (index, var drive) in drives.enumerated() {
            if let file = drive.leading, !file.hasPrefix("{") {
                drive.leading = nil
                // A snapshot's copy of a drive names the file below it, from another folder.
                let isNamed = wiring == .terminal || !FileTree.isFile(FilePath(file))
                let path = isNamed ? file : FileTree.absolute(FilePath(file)).string
                drive.properties.insert(.init("file", path), at: 0)
            }
            // For QMP, which a person's command line has not.
            let isNamed = wiring != .terminal || (drive["if"] == nil && transport == .mmio)
            let id = drive["id"] ?? Self.driveName(index)
            if isNamed, drive["id"] == nil { drive.properties.append(.init("id", id)) }
            guard drive["if"] == nil, transport == .mmio else {
                if drive["if"] == nil { drive.properties.append(.init("if", "virtio")) }
                arguments += ["-drive", drive.text]
                continue
            }
            // QEMU takes `if=virtio` for a PCI device, whatever the machine has.
            drive.properties.append(.init("if", "none"))
            arguments += ["-drive", drive.text]
            addDevice("virtio-blk-\(transport.rawValue)", [.init("drive", id)])
        }
    }

    /// Id of a drive without one of its own.
    static func driveName(_ index: Int) -> String { "qsh-drive\(index)" }

    private mutating func addNetwork(
        _ netdevs: [QEMUOption], _ configuration: MachineConfiguration
    ) {
        for (index, var netdev) in netdevs.enumerated() {
            let isOwn = netdev["id"] == nil
            if isOwn { netdev.properties.append(.init("id", "qsh-net\(index)")) }
            arguments += ["-netdev", netdev.text]
            guard isOwn else { continue }
            addDevice(
                "virtio-net-\(configuration.virtio.rawValue)",
                [.init("netdev", "qsh-net\(index)")])
        }
    }

    private mutating func addLinks(_ configuration: MachineConfiguration, _ wiring: Wiring) {
        for (index, link) in configuration.links.enumerated() {
            let id = "qsh-link\(index)"
            let descriptor =
                wiring == .terminal ? nil : MachineWires.firstLinkNumber + Int32(index)
            arguments += ["-netdev", link.option(id: id, descriptor: descriptor).text]
            addDevice(
                "virtio-net-\(configuration.virtio.rawValue)",
                [.init("netdev", id), .init("mac", link.hardwareAddress)])
        }
    }

    private mutating func addShares(_ configuration: MachineConfiguration) {
        for (index, share) in configuration.shares.enumerated() {
            let id = HostShare.tag(index)
            let files = QEMUOption(
                "local",
                [
                    .init("id", id), .init("path", FileTree.absolute(share.path).string),
                    .init("security_model", "none"),
                    .init("readonly", share.isWritable ? "off" : "on"),
                ])
            arguments += ["-fsdev", files.text]
            addDevice(
                "virtio-9p-\(configuration.virtio.rawValue)",
                [.init("fsdev", id), .init("mount_tag", id)])
        }
    }

    private mutating func addDisplay(_ configuration: MachineConfiguration) {
        if configuration.hasPCKeyboard { return addDevice("VGA", []) }
        addDevice("virtio-gpu-\(configuration.virtio.rawValue)", [])
        addDevice("virtio-keyboard-\(configuration.virtio.rawValue)", [])
    }

    private mutating func addSocket(_ id: String, _ descriptor: Int32) {
        arguments += ["-chardev", "socket,id=\(id),fd=\(descriptor)"]
    }

    private mutating func addDevice(_ driver: String, _ properties: [QEMUOption.Property]) {
        arguments += ["-device", QEMUOption(driver, properties).text]
    }
}

extension QEMUArguments.Wiring {
    fileprivate var memory: QEMUArguments.MemoryFile? {
        if case .descriptors(_, _, _, let memory, _) = self { memory } else { nil }
    }
}

extension Arch {
    /// The guest's name of a second serial port; nil where QEMU's board has one only.
    public var secondConsole: String? {
        switch name {
        case "x86_64", "i386", "mips64el", "mipsel": "ttyS1"
        case "ppc64el": "hvc1"
        default: nil
        }
    }
}

extension MachineConfiguration {
    /// How devices are plugged into this machine, which its type may decide against its row.
    var virtio: Arch.VirtioTransport {
        machine?.hasPrefix("microvm") == true ? .mmio : arch.virtio
    }
}

extension MachineConfiguration {
    /// Whether the board itself has the keyboard controller of a PC.
    var hasPCKeyboard: Bool { (arch == .x86_64 || arch == .i386) && virtio == .pci }
}

extension QEMUArguments {
    /// Refuses raw arguments that say again, or against qsh, what an option of the machine says.
    ///
    /// - Throws: ``MachineConfigurationError/ownedArgument(_:key:)``.
    public static func refuse(_ args: [String]) throws(MachineConfigurationError) {
        for argument in args where argument.hasPrefix("-") {
            // QEMU takes both `-name` and `--name`.
            let name = argument.drop { $0 == "-" }
            guard let owner = owned.first(where: { $0.names.contains(name) }) else { continue }
            throw .ownedArgument(argument, key: owner.key)
        }
    }

    private static let owned: [(names: Set<Substring>, key: String?)] = [
        (["append"], "append"), (["kernel"], "kernel"), (["initrd"], "initramfs"),
        (["m"], "memory"), (["smp"], "smp"), (["cpu"], "cpu"), (["machine", "M"], "machine"),
        (["accel", "enable-kvm", "no-kvm"], "accel"),
        (
            [
                "serial", "qmp", "qmp-pretty", "mon", "monitor", "nographic", "display", "curses",
                "vnc", "sdl", "daemonize", "nodefaults", "no-reboot", "action",
            ], nil
        ),
    ]
}
